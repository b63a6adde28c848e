//! Grades: the issuer says anew how much the holder of a card may owe, and a terminal that is online brings it to the card.
//!
//! * The card itself checks who signed, for which card, and that it is newer; the terminal believes nothing and keeps nothing.
//! * Nothing waits for it: whatever the card answers, sales go on with the grade that the card bears.

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use purse::fields::Asn;

use crate::{
    card::{Card, ExchangeError, exchange},
    disk::Disk,
    refusal::{Failure, from_card},
    terminal::Terminal,
};

/// What carries a grade: grade ‖ most that may be owed ‖ expiry ‖ version ‖ MAC of the issuer.
pub type GradeToken = [u8; 19];

/// What came of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradeDelivery {
    /// There was none that is newer.
    NoneNewer,
    /// The card bears it.
    Borne,
    /// The card says no, and bears what it bore.
    Refused(StatusWord),
}

impl Card<'_> {
    /// Delivers a grade.
    fn update_grade(&mut self, token: &GradeToken) -> Result<(), ExchangeError> {
        exchange(self.0, [0x80, 0xDA, 0x00, 0x00], &[token], None).map(|_| ())
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Powers the card in the reader and asks for what is newer than the version of the grade that it bears; it is delivered
    /// where there is one. The purse stays selected.
    ///
    /// # Errors
    /// [`Failure`]; no value moves.
    pub fn deliver_grade(
        &self,
        reader: &mut dyn Reader,
        newer: impl FnOnce(Asn, u16) -> Option<GradeToken>,
    ) -> Result<GradeDelivery, Failure> {
        let mut card = Card(reader);
        let public = card.select(&self.settings.aid).map_err(from_card)?;
        let version = card.split_and_grade().map_err(from_card)?.grade.version;
        let Some(token) = newer(public.asn, version) else { return Ok(GradeDelivery::NoneNewer) };
        match card.update_grade(&token) {
            Ok(()) => Ok(GradeDelivery::Borne),
            Err(ExchangeError::Refused(status)) => Ok(GradeDelivery::Refused(status)),
            Err(error) => Err(from_card(error)),
        }
    }
}
