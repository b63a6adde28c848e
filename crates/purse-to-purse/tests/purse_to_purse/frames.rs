//! What two devices say to each other is read as it was written, and nothing else is read.

use proptest::prelude::*;
use purse::vtp::Side;
use purse_to_purse::{Frame, Party};

use crate::desk::{TODAY, pair, terms};

/// Every frame of a transfer, in order.
fn every_frame() -> Vec<Frame> {
    let (mut payer, mut payee) = pair();
    let (mut pays, from) = Party::new(&mut payer, Side::From, terms(10), TODAY).unwrap();
    let (mut receives, to) = Party::new(&mut payee, Side::To, terms(10), TODAY).unwrap();
    let mut frames = vec![from, to];
    frames.extend(pays.take(&to).unwrap().send);
    receives.take(&from).unwrap();
    for turn in 0..3 {
        let last = *frames.last().unwrap();
        let party = if turn % 2 == 0 { &mut receives } else { &mut pays };
        frames.extend(party.take(&last).unwrap().send);
    }
    frames
}

#[test]
fn a_frame_is_read_as_it_is_written() {
    let frames = every_frame();
    assert_eq!(frames.len(), 6);
    for frame in frames {
        let bytes = frame.to_bytes();
        assert!(bytes.len() <= 1_024);
        assert_eq!(Frame::from_bytes(&bytes), Some(frame));
        assert_eq!(Frame::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Frame::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }
}

proptest! {
    #[test]
    fn what_is_no_frame_is_refused_and_what_is_read_is_written_the_same(bytes: Vec<u8>, kind in 0..5_u8) {
        let bytes = [&[kind][..], &bytes].concat();
        if let Some(frame) = Frame::from_bytes(&bytes) {
            prop_assert_eq!(frame.to_bytes(), bytes);
        }
    }
}
