//! A new overdraft limit, online. What can be spent moves with the limit; what belongs to the holder does not.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::Life,
    load::Initialisation,
    log::Proof,
    profile::OverdraftCodeKey,
    state::{LastPurchase, Pocket, Spent},
};
use crate::{
    amount::{Amount, OverdraftLimit},
    answer::{Answer, Refusal, data, done, ensure},
    fields::{DateTime, Kind, Mac, Random, Sequence, Tac, TerminalId, Terms},
    nvm::Nvm,
    pboc::{
        key, secure_messaging,
        session::SessionKey,
        transaction::{self, OverdraftChange},
    },
};

impl<N: Nvm> Application<N> {
    /// 80 50 04: INITIALIZE FOR UPDATE.
    pub(super) fn initialise_overdraft(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let [key_index, terminal @ ..]: [u8; 7] = data(command, 0x13)?;
        let which = Self::which(command)?;
        self.ensure_works()?;
        let record = self.key_record::<key::Overdraft>(key_index)?;
        let tags = [record.version, record.algorithm];
        let (key, algorithm) = self.key::<key::Overdraft>(key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        let terminal = TerminalId(terminal);
        let session = SessionKey::online(&key, algorithm, random, pocket.online);
        let mac1 = transaction::overdraft_mac1(&session, pocket.balance, pocket.overdraft, &terminal);
        let asked = Initialisation { key_index, amount: Amount::ZERO, terminal };
        self.session.begun = Some(asked.begun(which, Kind::Overdraft, random));
        done(&[
            &pocket.balance.to_bytes(),
            &pocket.online.to_bytes(),
            &pocket.overdraft.to_bytes(),
            &tags,
            &random.0,
            &mac1.0,
        ])
    }

    /// 80 58 00 00: UPDATE OVERDRAW LIMIT.
    pub(super) fn update_overdraft(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let [a, b, c, when @ .., d, e, f, g]: [u8; 14] = data(command, 0x04)?;
        let (limit, when, mac2) = (OverdraftLimit::from_bytes([a, b, c]), DateTime(when), Mac([d, e, f, g]));
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        let begun =
            begun.filter(|begun| begun.terms.kind == Kind::Overdraft).ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { which, terms: Terms { terminal, .. }, .. } = begun;
        let pocket = *self.contents().pocket(which);
        let (key, algorithm) = self.key::<key::Overdraft>(begun.key_index)?;
        let online = pocket.online.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        // An overdraft that is used cannot be taken away.
        let raised = pocket.balance.checked_add(limit.amount()).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let balance = raised.checked_sub(pocket.overdraft.amount()).ok_or(StatusWord::BALANCE_NOT_ENOUGH)?;
        let session = SessionKey::online(&key, algorithm, begun.random, pocket.online);
        let right = transaction::overdraft_mac2(&session, limit, &terminal, &when);
        self.check_host(|| right == mac2, StatusWord::TRANSACTION_MAC_WRONG)?;

        let change = OverdraftChange {
            new_balance: balance,
            sequence: pocket.online,
            new_limit: limit,
            terminal,
            when,
        };
        let tac = self.overdraft_tac(&change)?;
        let mut next = self.next_after_host(Life::Active);
        *next.pocket_mut(which) = Pocket { balance, overdraft: limit, online, ..pocket };
        next.spent = Spent::NOTHING;
        next.last_purchase = LastPurchase::NONE;
        let terms = Terms { amount: limit.amount(), kind: Kind::Overdraft, terminal };
        let proof = Proof { kind: Kind::Overdraft, sequence: pocket.online, mac: Mac::default(), tac };
        Self::note(&mut next, which, &terms, &when, proof);
        self.finish(next)?;
        done(&[&tac.0.0])
    }

    fn overdraft_tac(&self, change: &OverdraftChange) -> Result<Tac, Refusal> {
        if self.contents().profile.overdraft_code_key == OverdraftCodeKey::HalvesXored {
            return Ok(transaction::overdraft_tac(&self.code_key()?, change));
        }
        let key = self.first_key::<key::TransactionCode>()?;
        Ok(Tac(secure_messaging::command_mac(&key, [0; 4], &[&transaction::overdraft_message(change)])))
    }
}
