//! Amounts as people type them: whatever is accepted is written back as the same amount.
#![no_main]

use libfuzzer_sys::fuzz_target;
use money::{Amount, Currency};

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let _refused = Currency::from_code(text);
    let currency = Currency::all().nth(usize::from(choice)).or_else(|| Currency::all().next());
    let Some(currency) = currency else { return };
    if let Ok(amount) = Amount::parse(text, currency) {
        let written = amount.decimal().to_string();
        assert_eq!(Amount::parse(&written, currency), Ok(amount), "{text:?} was written as {written:?}");
    }
});
