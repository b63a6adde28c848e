//! The conformance suite on the independent reference.

use ledger::reference::ReferenceEngine;

ledger::conformance_suite!(ReferenceEngine::new());
