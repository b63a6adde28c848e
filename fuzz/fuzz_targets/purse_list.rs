//! Lists of an issuer as anybody may send them: what is read is written as the same bytes, and none is believed that the
//! issuer did not sign.
#![no_main]

use libfuzzer_sys::fuzz_target;
use messages::card::{
    Completion, ListVersion, Seconds, StatusEntry, TerminalParameters,
    signed_list::{Entry, ListHours, ListTrust, Newest, SignedList, accept},
};
use pki::{KeyPair, SubjectId};

const ISSUER: SubjectId = SubjectId([7; 16]);

fn check<E: Entry + PartialEq>(bytes: &[u8], key: &KeyPair) {
    let Some(list) = SignedList::<E>::parse(bytes) else { return };
    assert_eq!(list.to_bytes(), bytes);
    let trust =
        ListTrust { issuer: ISSUER, key: &key.public(), newest: Newest::default(), now: Seconds(1) };
    assert!(accept::<E>(bytes, &trust).is_err());
    let hours = ListHours { issued: Seconds(0), expires: Seconds(2) };
    let signed = SignedList::signed(ListVersion(1), hours, list.entries().to_vec(), (ISSUER, key))
        .expect("what was read rises");
    let (read, _) = accept::<E>(&signed.to_bytes(), &trust).expect("the issuer signed it");
    assert_eq!(read, signed);
}

fuzz_target!(|bytes: &[u8]| {
    let key = KeyPair::from_seed(&[1; 32]);
    check::<StatusEntry>(bytes, &key);
    check::<Completion>(bytes, &key);
    check::<TerminalParameters>(bytes, &key);
});
