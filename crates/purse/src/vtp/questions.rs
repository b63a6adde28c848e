//! Questions that change nothing.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::Application,
    counterpart::ensure_empty,
    logs::Entry,
    message::{EXCEPTION, REPORT},
    pocket::POCKETS,
};
use crate::{
    answer::{Answer, data, done, expect_le},
    bytes::Writer,
    nvm::Nvm,
};

/// next sequence 4 ‖ number of the issuer's next message 4 ‖ status 1 ‖ exceptions 1 ‖ 16 for each pocket.
const REPORT_BYTES: usize = 10 + POCKETS * 16;

impl<N: Nvm> Application<N> {
    /// 90 10: purse 16 ‖ next sequence 4 ‖ number of the issuer's next message 4 ‖ status 1 ‖ exceptions 1 ‖ locked 1 ‖
    /// tries 1.
    pub(super) fn identify(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        expect_le(command, 28)?;
        let contents = self.contents();
        done(&[
            &contents.purse.0,
            &contents.next_sequence.0.to_be_bytes(),
            &contents.authority_sequence.0.to_be_bytes(),
            &[contents.status.byte(), contents.exceptions.length()],
            &[u8::from(contents.lock.is_locked), contents.lock.tries],
        ])
    }

    /// 90 12: P2 is the pocket, from 0; currency 2 ‖ series 2 ‖ balance 4 ‖ status 1. In epv and epa value is under way:
    /// the balance alone would mislead.
    pub(super) fn balance(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        expect_le(command, 9)?;
        let contents = self.contents();
        let pocket = contents.pockets.get(usize::from(command.p2)).filter(|_| command.p1 == 0);
        let pocket = pocket.ok_or(StatusWord::WRONG_P1_P2)?;
        done(&[&pocket.currency.0, &pocket.series.0, &pocket.balance.to_bytes(), &[contents.status.byte()]])
    }

    /// 90 14: P1 00 the issuer's certificate, 01 the purse's, of the generation that the purse uses.
    pub(super) fn certificate(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        let (_, credentials) = self.contents().usable_credentials().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        match (command.p1, command.p2) {
            (0x00, 0x00) => done(&[&credentials.issuer_certificate]),
            (0x01, 0x00) => done(&[&credentials.purse_certificate]),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// 90 16: challenge 16; the report 90 ‖ signature 64 over purse, challenge and report.
    pub(super) fn report(&self, command: &Command<'_>) -> Answer {
        let challenge = data::<16>(command, 154)?;
        let contents = self.contents();
        let (_, credentials) = contents.usable_credentials().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let mut report = [0; REPORT_BYTES];
        let mut writer = Writer::new(&mut report);
        writer.put(&contents.next_sequence.0.to_be_bytes());
        writer.put(&contents.authority_sequence.0.to_be_bytes());
        writer.put(&[contents.status.byte(), contents.exceptions.length()]);
        contents.pockets.iter().for_each(|pocket| pocket.write_value(&mut writer));
        let mut text = [0; 32 + REPORT_BYTES];
        let mut writer = Writer::new(&mut text);
        [contents.purse.0.as_slice(), &challenge, &report].into_iter().for_each(|part| writer.put(part));
        let signature = credentials.key().sign(REPORT, &text).map_err(|_| StatusWord::MEMORY_FAILURE)?;
        done(&[&report, &signature])
    }

    /// 90 30: P1 is the place, from 0; entry 49 ‖ signature 64 over purse and entry.
    pub(super) fn read_exception(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        expect_le(command, 113)?;
        let contents = self.contents();
        let entry = contents.exceptions.entries().nth(usize::from(command.p1));
        let entry = entry.ok_or(StatusWord::RECORD_NOT_FOUND)?.to_bytes();
        let (_, credentials) = contents.usable_credentials().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let mut text = [0; 16 + Entry::BYTES];
        let mut writer = Writer::new(&mut text);
        writer.put(&contents.purse.0);
        writer.put(&entry);
        let signature = credentials.key().sign(EXCEPTION, &text).map_err(|_| StatusWord::MEMORY_FAILURE)?;
        done(&[&entry, &signature])
    }

    /// 90 32: P1 is the place, 0 the newest; entry 49.
    pub(super) fn read_transfer(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        expect_le(command, 49)?;
        let contents = self.contents();
        let newest = contents.transfers.length().checked_sub(1);
        let place = newest.and_then(|newest| newest.checked_sub(command.p1));
        let place = place.ok_or(StatusWord::RECORD_NOT_FOUND)?;
        let entry = contents.transfers.entries().nth(usize::from(place));
        done(&[&entry.ok_or(StatusWord::RECORD_NOT_FOUND)?.to_bytes()])
    }
}
