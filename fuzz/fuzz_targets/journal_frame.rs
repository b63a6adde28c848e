//! Bytes of a damaged disk: reading a frame and its records answers or refuses, and never panics.
#![no_main]

use ledger_embedded::frame::FrameHeader;
use ledger_embedded::record::{Position, RECORD_BYTES, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, &[u8])| {
    let (place, bytes) = input;
    let offset = u64::from(place) * 512;
    if let Ok((header, body)) = FrameHeader::read(bytes, offset) {
        let _records: Vec<_> = header.records(body).collect();
    }
    let Some(position) = Position::of_offset(u64::from(place) * 16) else { return };
    if let Some(record) = bytes.first_chunk::<RECORD_BYTES>()
        && let Ok(record) = Record::decode(record, position)
    {
        let mut written = Vec::new();
        record.encode(position, &mut written);
        assert_eq!(
            Record::decode(written.first_chunk().expect("a record has its size"), position),
            Ok(record)
        );
    }
});
