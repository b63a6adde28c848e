//! What the other device says while two purses pay each other: whatever is read is written back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use purse_to_purse::Frame;

fuzz_target!(|bytes: &[u8]| {
    if let Some(frame) = Frame::from_bytes(bytes) {
        assert_eq!(frame.to_bytes(), bytes);
    }
});
