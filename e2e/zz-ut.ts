import { runTestFile } from '@oriel/alert/unit-test'
import { DEFAULT_FEATURES } from '@oriel/promql'
for (const f of process.argv.slice(2)) { const t=performance.now(); const r = await runTestFile(f, {features: DEFAULT_FEATURES, only: [], ignoresUnknownFields: false}); 
 const bad = r.problem!=='' || r.tests.some(t=>t.failures.length>0)
 console.log(bad?'FAILED':'SUCCESS', f, r.tests.length, Math.round(performance.now()-t)+' ms', r.problem, r.warnings.join('; ')); for (const t of r.tests) for (const x of t.failures.slice(0,3)) console.log('   ', t.name, x.message.slice(0,1500)) }
