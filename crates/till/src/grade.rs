//! A card that is met while there is a network gets its grade.

use card_reader::reader::Reader;

use crate::{host::HttpHost, machine::Till};

/// Brings the card in the reader its grade, where the server has a newer one. The purse stays selected. Nothing waits for it:
/// where server or card do not answer, or say no, the card goes on with the grade that it bears.
pub(crate) fn bring(till: &Till, reader: &mut dyn Reader, host: &mut HttpHost) {
    let _not_needed = till.deliver_grade(reader, |card, version| host.grade(card, version).ok().flatten());
}
