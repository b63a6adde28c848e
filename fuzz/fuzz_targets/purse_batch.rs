//! Batches of terminals as anybody may send them: whatever is read is written as the same bytes, in pieces of any length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use messages::card::{
    PurseRecord, RECORD_BYTES,
    batch::{BatchReader, HEADER_BYTES, SignedHeader},
    receipt::BatchReceipt,
};
use pki::KeyPair;

fuzz_target!(|bytes: &[u8]| {
    if let Some(record) = bytes.first_chunk::<RECORD_BYTES>()
        && let Ok(read) = PurseRecord::parse(record)
    {
        assert_eq!(read.to_bytes(), *record);
    }
    let Some((header, content)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return };
    let Ok(header) = SignedHeader::parse(header) else { return };
    assert_eq!(SignedHeader::parse(&header.to_bytes()), Ok(header));
    let issuer = KeyPair::from_seed(&[1; 32]).public();
    assert!(header.verify(&issuer).is_err() && BatchReceipt::parse(content, &header, &issuer).is_err());
    let piece = usize::from(bytes[HEADER_BYTES - 1]) + 1;
    let (mut whole, mut pieces) = (BatchReader::new(&header), BatchReader::new(&header));
    let (mut of_whole, mut of_pieces) = (Vec::new(), Vec::new());
    whole.feed(content, |record| of_whole.push(record));
    content.chunks(piece).for_each(|piece| pieces.feed(piece, |record| of_pieces.push(record)));
    assert_eq!(of_whole, of_pieces);
    assert_eq!(whole.finish(), pieces.finish());
});
