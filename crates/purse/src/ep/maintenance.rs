//! What the issuer does with the application and its files, signed over a challenge with DAMK.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{application::Application, contents::Life, files::FileKind};
use crate::{
    answer::{Answer, Refusal, done, ensure},
    fields::Mac,
    nvm::Nvm,
    pboc::{
        key::{Damk, Key, Purpose},
        secure_messaging,
    },
};

impl<N: Nvm> Application<N> {
    /// 84 1E: APPLICATION BLOCK, until unblocked (P2 00) or for ever (P2 01).
    pub(super) fn block(&mut self, command: &Command<'_>) -> Answer {
        let life = match (command.p1, command.p2) {
            (0x00, 0x00) => Life::Blocked,
            (0x00, 0x01) => Life::Locked,
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        };
        ensure(self.contents().life != Life::Locked, StatusWord::PERMANENTLY_LOCKED)?;
        self.change_life(command, life)
    }

    /// 84 18: APPLICATION UNBLOCK.
    pub(super) fn unblock(&mut self, command: &Command<'_>) -> Answer {
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        match self.contents().life {
            Life::Active => Err(StatusWord::CONDITIONS_NOT_MET.into()),
            Life::Blocked => self.change_life(command, Life::Active),
            Life::Locked => Err(StatusWord::PERMANENTLY_LOCKED.into()),
        }
    }

    fn change_life(&mut self, command: &Command<'_>, life: Life) -> Answer {
        let mac: [u8; 4] = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        self.check_maintenance(command, &[], Mac(mac))?;
        let next = self.next_after_host(life);
        self.finish(next)?;
        done(&[])
    }

    /// 04 D6: UPDATE BINARY of the file whose short identifier P1 names, data ‖ MAC.
    pub(super) fn update_binary(&mut self, command: &Command<'_>) -> Answer {
        let (content, mac) = command.data().split_last_chunk::<4>().ok_or(StatusWord::WRONG_LENGTH)?;
        ensure(command.p1 & 0xE0 == 0x80, StatusWord::WRONG_PARAMETERS)?;
        self.ensure_active()?;
        let (sfi, offset) = (command.p1 & 0x1F, usize::from(command.p2));
        let whole = self.contents().files.transparent(sfi).ok_or(StatusWord::FILE_NOT_FOUND)?;
        ensure(offset + content.len() <= whole.len(), StatusWord::WRONG_PARAMETERS)?;
        let place = self.contents().files.place_of_number(sfi, 1).ok_or(StatusWord::FILE_NOT_FOUND)?;
        self.check_maintenance(command, content, Mac(*mac))?;
        let mut next = self.next_after_host(Life::Active);
        next.files.write_at(place, offset, content).ok_or(StatusWord::WRONG_PARAMETERS)?;
        self.finish(next)?;
        done(&[])
    }

    /// 04 DC: UPDATE RECORD by number, data ‖ MAC.
    pub(super) fn update_record(&mut self, command: &Command<'_>) -> Answer {
        let (content, mac) = command.data().split_last_chunk::<4>().ok_or(StatusWord::WRONG_LENGTH)?;
        ensure(command.p2 & 0x07 == 0x04, StatusWord::WRONG_P1_P2)?;
        self.ensure_active()?;
        let files = &self.contents().files;
        let sfi = command.p2 >> 3;
        ensure(files.kind(sfi) == Some(FileKind::Records), StatusWord::FILE_NOT_FOUND)?;
        let place = files.place_of_number(sfi, command.p1).ok_or(StatusWord::RECORD_NOT_FOUND)?;
        let record_bytes = files.record_bytes(place).unwrap_or_default();
        ensure(content.len() <= usize::from(record_bytes), StatusWord::WRONG_LENGTH)?;
        self.check_maintenance(command, content, Mac(*mac))?;
        let mut next = self.next_after_host(Life::Active);
        next.files.write_record(place, content).ok_or(StatusWord::RECORD_NOT_FOUND)?;
        self.finish(next)?;
        done(&[])
    }

    /// The MAC that a command should bear; the challenge is good for one command.
    pub(super) fn command_mac<P: Purpose>(
        &mut self,
        key: &Key<P>,
        command: &Command<'_>,
        data: &[u8],
    ) -> Result<Mac, Refusal> {
        let [a, b, c, d, ..] = self.session.challenge.take().ok_or(StatusWord::NO_CHALLENGE)?;
        Ok(secure_messaging::command_mac(key, [a, b, c, d], &[&command.header(), &[command.lc()], data]))
    }

    fn check_maintenance(&mut self, command: &Command<'_>, data: &[u8], mac: Mac) -> Result<(), Refusal> {
        let maintenance: Damk = self.first_key()?;
        let right = self.command_mac(&maintenance, command, data)?;
        self.check_host(|| right == mac, StatusWord::MAC_WRONG)
    }
}
