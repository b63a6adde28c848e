//! The suite that every engine passes.

mod embedded_engine {
    use ledger_embedded::EmbeddedEngine;
    use ledger_embedded::storage::SimDisk;

    ledger::conformance_suite!(EmbeddedEngine::open(SimDisk::new()).expect("a new ledger"));
}
