//! Conversion between pockets of different currencies: online, at a rate that the issuer signs, both pockets in one commit.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::{Contents, Life, Which},
    load::Initialisation,
    log::Proof,
    state::{LastPurchase, Pocket, Spent},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure},
    fields::{DateTime, Kind, Mac, Random, Sequence, TerminalId, Terms},
    nvm::Nvm,
    own::{self, ConversionRate, ConversionTerms},
    pboc::{key, session::SessionKey},
};

impl<N: Nvm> Application<N> {
    /// 80 50 0B 02: initialises a conversion, key index ‖ from ‖ to ‖ amount ‖ terminal. Answer: balance from ‖ balance to ‖
    /// online sequence ‖ key version ‖ algorithm ‖ rand ‖ MAC1.
    pub(super) fn initialise_conversion(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let [key_index, from, to, a, b, c, d, terminal @ ..]: [u8; 13] = data(command, 0x14)?;
        ensure(command.p2 == 0x02, StatusWord::WRONG_P1_P2)?;
        self.ensure_works()?;
        let amount = Amount::from_bytes([a, b, c, d]);
        let terms = ConversionTerms { from, to, amount, terminal: TerminalId(terminal) };
        let record = self.key_record::<key::Conversion>(key_index)?;
        let tags = [record.version, record.algorithm];
        let (key, algorithm) = self.key::<key::Conversion>(key_index)?;
        let online = self.contents().purse.online;
        ensure(online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        ensure(amount != Amount::ZERO && from != to, StatusWord::WRONG_DATA)?;
        let balances = [self.convertible(from)?, self.convertible(to)?];
        ensure(i64::from(amount.units()) <= balances[0].1, StatusWord::BALANCE_NOT_ENOUGH)?;
        let balances = balances.map(|(balance, _)| balance);
        let session = SessionKey::online(&key, algorithm, random, online);
        let mac1 = own::conversion_mac1(&session, balances, &terms);
        let asked = Initialisation { key_index, amount, terminal: terms.terminal };
        let mut begun = asked.begun(Which::Purse, Kind::Conversion, random);
        begun.pockets = (from, to);
        self.session.begun = Some(begun);
        let [from, to] = balances.map(Amount::to_bytes);
        done(&[&from, &to, &online.to_bytes(), &tags, &random.0, &mac1.0])
    }

    /// 80 52 0B 00: processes a conversion, rate ‖ date ‖ time ‖ MAC2. Answer: received ‖ TAC.
    pub(super) fn convert(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let data: [u8; 19] = data(command, 0x08)?;
        let [a, b, c, d, e, f, g, h, when @ .., i, j, k, l] = data;
        let (rate, when) = (ConversionRate::from_bytes([a, b, c, d, e, f, g, h]), DateTime(when));
        let begun =
            begun.filter(|begun| begun.terms.kind == Kind::Conversion).ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { terms, pockets: (from, to), .. } = begun;
        let (key, algorithm) = self.key::<key::Conversion>(begun.key_index)?;
        let codes = self.code_key()?;
        let sequence = self.contents().purse.online;
        let online = sequence.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let (paying, own_value) = self.convertible(from)?;
        let (receiving, held) = self.convertible(to)?;
        let received = rate.convert(terms.amount).ok_or(StatusWord::WRONG_DATA)?;
        ensure(received != Amount::ZERO, StatusWord::WRONG_DATA)?;
        ensure(i64::from(terms.amount.units()) <= own_value, StatusWord::BALANCE_NOT_ENOUGH)?;
        let left = paying.checked_sub(terms.amount).ok_or(StatusWord::BALANCE_NOT_ENOUGH)?;
        let grown = receiving.checked_add(received).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        // The greatest balance is in the currency of the purse; for further pockets four bytes are.
        let is_allowed = to != 0
            || held + i64::from(received.units()) <= i64::from(self.contents().limits.balance_max.units());
        ensure(is_allowed, StatusWord::CONDITIONS_NOT_MET)?;
        let signed = ConversionTerms { from, to, amount: terms.amount, terminal: terms.terminal };
        let session = SessionKey::online(&key, algorithm, begun.random, sequence);
        let right = own::conversion_mac2(&session, &signed, rate, &when);
        self.check_host(|| right == Mac([i, j, k, l]), StatusWord::TRANSACTION_MAC_WRONG)?;

        let tac = own::conversion_tac(&codes, [left, grown], sequence, &signed, &when);
        let mut next = self.next_after_host(Life::Active);
        next.purse = Pocket { online, ..next.purse };
        put_balance(&mut next, from, left);
        put_balance(&mut next, to, grown);
        next.spent = Spent::NOTHING;
        next.last_purchase = LastPurchase::NONE;
        let proof = Proof { kind: Kind::Conversion, sequence, mac: Mac(received.to_bytes()), tac };
        Self::note(&mut next, Which::Purse, &Terms { kind: Kind::Conversion, ..terms }, &when, proof);
        self.finish(next)?;
        done(&[&received.to_bytes(), &tac.0.0])
    }

    /// Balance of a pocket, and how much of it is the holder's own. Overdraft cannot be converted.
    fn convertible(&self, pocket: u8) -> Result<(Amount, i64), Refusal> {
        if pocket == 0 {
            let purse = &self.contents().purse;
            return Ok((purse.balance, purse.own_value()));
        }
        let (_, balance) = self.further_pocket(pocket.wrapping_sub(1))?;
        Ok((balance, i64::from(balance.units())))
    }
}

fn put_balance(next: &mut Contents, pocket: u8, balance: Amount) {
    match pocket.checked_sub(1) {
        None => next.purse.balance = balance,
        Some(index) => {
            if let Some((_, place)) = next.currencies.get_mut(usize::from(index)) {
                *place = balance;
            }
        }
    }
}
