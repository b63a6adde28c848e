//! New limits of the purse, online. Lowering the greatest balance takes nothing away: the card only refuses loads until what
//! it holds is below.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::{Life, Which},
    load::Initialisation,
    log::Proof,
    state::{LastPurchase, Limits, Pocket, Spent},
};
use crate::{
    amount::Amount,
    answer::{Answer, data, done, ensure},
    bytes::Reader,
    fields::{DateTime, Kind, Mac, Random, Sequence, TerminalId},
    nvm::Nvm,
    own,
    pboc::{key, session::SessionKey},
};

impl<N: Nvm> Application<N> {
    /// 80 50 0C 02: initialises new limits, key index ‖ terminal. Answer: old limits ‖ online sequence ‖ key version ‖
    /// algorithm ‖ rand ‖ MAC1.
    pub(super) fn initialise_parameters(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let [key_index, terminal @ ..]: [u8; 7] = data(command, 0x1E)?;
        ensure(command.p2 == 0x02, StatusWord::WRONG_P1_P2)?;
        self.ensure_works()?;
        let record = self.key_record::<key::Parameters>(key_index)?;
        let tags = [record.version, record.algorithm];
        let (key, algorithm) = self.key::<key::Parameters>(key_index)?;
        let online = self.contents().purse.online;
        ensure(online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        let terminal = TerminalId(terminal);
        let old = self.contents().limits;
        let mac1 =
            own::parameters_mac1(&SessionKey::online(&key, algorithm, random, online), &old, &terminal);
        let asked = Initialisation { key_index, amount: Amount::ZERO, terminal };
        self.session.begun = Some(asked.begun(Which::Purse, Kind::Parameters, random));
        done(&[&old.to_bytes(), &online.to_bytes(), &tags, &random.0, &mac1.0])
    }

    /// 80 52 0C 00: processes new limits, limits ‖ date ‖ time ‖ MAC2. Answer: TAC.
    pub(super) fn update_parameters(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let data: [u8; 29] = data(command, 0x04)?;
        let mut reader = Reader::new(&data);
        let (limits, when, mac2) = (Limits::read(&mut reader), reader.take(), reader.take());
        let limits = limits.ok_or(StatusWord::WRONG_LENGTH)?;
        let when = DateTime(when.ok_or(StatusWord::WRONG_LENGTH)?);
        let mac2 = Mac(mac2.ok_or(StatusWord::WRONG_LENGTH)?);
        let begun =
            begun.filter(|begun| begun.terms.kind == Kind::Parameters).ok_or(StatusWord::NOT_ACCEPTED)?;
        let (key, algorithm) = self.key::<key::Parameters>(begun.key_index)?;
        let codes = self.code_key()?;
        let sequence = self.contents().purse.online;
        let online = sequence.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let terminal = begun.terms.terminal;
        let session = SessionKey::online(&key, algorithm, begun.random, sequence);
        let right = own::parameters_mac2(&session, &limits, &terminal, &when);
        self.check_host(|| right == mac2, StatusWord::TRANSACTION_MAC_WRONG)?;

        let tac = own::parameters_tac(&codes, sequence, &limits, &terminal, &when);
        let mut next = self.next_after_host(Life::Active);
        next.purse = Pocket { online, ..next.purse };
        next.limits = limits;
        next.spent = Spent::NOTHING;
        next.last_purchase = LastPurchase::NONE;
        let proof = Proof { kind: Kind::Parameters, sequence, mac: Mac::default(), tac };
        Self::note(&mut next, Which::Purse, &begun.terms, &when, proof);
        self.finish(next)?;
        done(&[&tac.0.0])
    }
}
