//! Entries of `sycee card compute`: whatever the text, each entry gets one answer, the same each time, and it is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use virtual_card::compute::compute;

fuzz_target!(|text: &str| {
    let Ok(report) = compute(text) else { return };
    let printed = serde_json::to_string(&report).expect("a report of texts, numbers and lists");
    let read: serde_json::Value = serde_json::from_str(&printed).expect("what was printed is JSON");
    assert_eq!(read["vectors"].as_array().map(Vec::len), Some(report.entries()));
    assert!(report.refused() <= report.entries());
    assert_eq!(compute(text).expect("it was computed before"), report);
});
