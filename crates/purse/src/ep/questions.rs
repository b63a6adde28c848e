//! What may always be asked: balance, proof of a transaction, log, files, a challenge. Nothing is written.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{application::Application, files::LOG};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure, expect_le},
    fields::{Kind, Sequence},
    nvm::Nvm,
};

impl<N: Nvm> Application<N> {
    /// 00 84: GET CHALLENGE of four or eight bytes.
    pub(super) fn challenge(&mut self, command: &Command<'_>, random: [u8; 8]) -> Answer {
        ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)?;
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        let length = match command.le() {
            Some(4) => 4,
            Some(8 | 256) => 8,
            _ => return Err(StatusWord::WRONG_LENGTH.into()),
        };
        self.session.challenge = Some(random);
        done(&[random.get(..length).unwrap_or_default()])
    }

    /// 80 5C: GET BALANCE. P2 is 01 for the deposit, 02 for the purse, 11 to 14 for a further pocket; P1 is 00 for what can
    /// be spent, 01 for the overdraft limit, 02 for what of it is used, 03 for own value.
    pub(super) fn balance(&self, command: &Command<'_>) -> Answer {
        let [] = data(command, 0x04)?;
        if let (0x00, 0x11..=0x14) = (command.p1, command.p2) {
            let (_, balance) = self.further_pocket(command.p2.wrapping_sub(0x11))?;
            return done(&[&balance.to_bytes()]);
        }
        let pocket = self.contents().pocket(Self::which(command)?);
        let limit = pocket.overdraft.amount();
        let answer = match command.p1 {
            0x00 => pocket.balance,
            0x01 => limit,
            0x02 => limit.checked_sub(pocket.balance).unwrap_or(Amount::ZERO),
            0x03 => pocket.balance.checked_sub(limit).unwrap_or(Amount::ZERO),
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        };
        done(&[&answer.to_bytes()])
    }

    /// Currency and balance of a further pocket that is in use.
    pub(super) fn further_pocket(&self, index: u8) -> Result<([u8; 2], Amount), Refusal> {
        let pocket = self.contents().currencies.get(usize::from(index)).copied();
        Ok(pocket.filter(|(currency, _)| *currency != [0; 2]).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?)
    }

    /// 80 5A 00 kind: GET TRANSACTION PROVE of the last transaction of its counter.
    pub(super) fn prove(&self, command: &Command<'_>) -> Answer {
        let sequence = Sequence::from_bytes(data(command, 0x08)?);
        ensure(command.p1 == 0, StatusWord::WRONG_P1_P2)?;
        let kind = Kind::from_byte(command.p2).ok_or(StatusWord::WRONG_P1_P2)?;
        let contents = self.contents();
        let proof = contents.proofs.find(kind, sequence, contents.profile.prove_sequence);
        let proof = proof.ok_or(StatusWord::PROOF_NOT_AVAILABLE)?;
        done(&[&proof.mac.0, &proof.tac.0.0])
    }

    /// 00 B0: READ BINARY of the file whose short identifier P1 names.
    pub(super) fn read_binary(&self, command: &Command<'_>) -> Answer {
        ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)?;
        ensure(command.p1 & 0xE0 == 0x80, StatusWord::WRONG_PARAMETERS)?;
        let files = &self.contents().files;
        let content = files.transparent(command.p1 & 0x1F).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let rest = content.get(usize::from(command.p2)..).ok_or(StatusWord::WRONG_PARAMETERS)?;
        let wanted = usize::from(command.le().unwrap_or(256)).min(rest.len());
        done(&[rest.get(..wanted).unwrap_or_default()])
    }

    /// 00 B2: READ RECORD by number (P2 is file << 3, plus 4) or identifier.
    pub(super) fn read_record(&self, command: &Command<'_>) -> Answer {
        ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)?;
        let (sfi, by) = (command.p2 >> 3, command.p2 & 0x07);
        let contents = self.contents();
        let record = match (sfi, by) {
            (LOG, 0x04) => contents.log.record(command.p1).map(<[u8; 23]>::as_slice),
            (_, 0x04) => {
                ensure(contents.files.kind(sfi).is_some(), StatusWord::FILE_NOT_FOUND)?;
                contents.files.record(sfi, command.p1)
            }
            (_, 0x00) => {
                ensure(contents.files.kind(sfi).is_some(), StatusWord::FILE_NOT_FOUND)?;
                contents.files.record_with_identifier(sfi, command.p1)
            }
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        };
        let record = record.ok_or(StatusWord::RECORD_NOT_FOUND)?;
        if command.le().is_some_and(|le| le != 256) {
            expect_le(command, u8::try_from(record.len()).unwrap_or(u8::MAX))?;
        }
        done(&[record])
    }
}
