//! The conformance suite on the state machine in memory.

use ledger::memory::MemoryEngine;

ledger::conformance_suite!(MemoryEngine::new());
