//! Conditions of risk rules as operators type them: whatever is accepted is written back as the same conditions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use risk::{conditions_from_text, conditions_to_text};

fuzz_target!(|text: &str| {
    if let Ok(conditions) = conditions_from_text(text) {
        let written = conditions_to_text(&conditions);
        assert_eq!(conditions_from_text(&written), Ok(conditions), "{text:?} was written as {written:?}");
    }
});
