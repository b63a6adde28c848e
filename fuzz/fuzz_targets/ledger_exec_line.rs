//! Lines of `sycee ledger exec`: each is a batch or is refused with a sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sycee::ledger_exec::batch;

fuzz_target!(|line: &str| {
    if let Err(error) = batch::parse(line) {
        assert!(!error.to_string().is_empty());
    }
});
