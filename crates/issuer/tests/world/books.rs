//! What the ledger, the issuer and the cards say, side by side.

use issuer::{
    equation::Equation,
    key_store::Direction,
    postings,
    purse_card::{Belief, Cancelling, KnownDebit, PurseCard},
};
use ledger::{AccountId, Engine};
use money::Currency;
use wallet::{chart, postings::decision_id, purse_chart};

use super::{World, balance, sale::Sale};

impl World {
    /// Credits less debits of an account; zero where there is none.
    pub(crate) fn ledger_balance(&mut self, id: AccountId) -> i128 {
        let accounts = self.ledger.lookup_accounts(&[id]).unwrap();
        let sum = |units: u128| i128::try_from(units).unwrap();
        accounts.first().map_or(0, |account| sum(account.credits_posted.0) - sum(account.debits_posted.0))
    }

    fn has_transfer(&mut self, id: ledger::TransferId, code: ledger::Code) -> bool {
        self.ledger.lookup_transfers(&[id]).unwrap().first().is_some_and(|found| found.code == code)
    }

    /// Whether the issuer believes a debit, and its cancel.
    pub(crate) fn believed(&self, sale: &Sale) -> (bool, bool) {
        let debit = self.cards[&sale.asn].debits().find(|(_, known, ..)| known.debit == sale.debit);
        (debit.is_some(), matches!(debit, Some((_, _, _, Cancelling::Done(_)))))
    }

    /// Amounts of debits that the issuer believes in this way, and no card did or it was given back.
    pub(crate) fn false_beliefs(&self, belief: Belief) -> i128 {
        let debits = self.cards.values().flat_map(PurseCard::debits);
        let is_false = |known: &KnownDebit, cancelling: Cancelling| {
            let sale = self.sales.iter().find(|sale| sale.debit == known.debit);
            sale.is_none_or(|sale| matches!(cancelling, Cancelling::Done(_)) && !sale.is_cancelled)
        };
        debits
            .filter(|(_, known, how, cancelling)| *how == belief && is_false(known, *cancelling))
            .map(|(_, known, ..)| i128::from(known.debit.terms.amount.units()))
            .sum()
    }

    /// Both sides of the equation: the ledger's accounts, and the cards' memories.
    pub(crate) fn equation(&mut self) -> Equation {
        let mut equation = Equation { copied: self.copied, ..Equation::default() };
        let names: Vec<_> = self.cards.values().map(|card| card.identity().name()).collect();
        for name in names {
            equation.shadows += self.ledger_balance(purse_chart::purse_id(&name, Currency::CNY));
        }
        equation.shadows += self.ledger_balance(purse_chart::excess_id(Currency::CNY));
        let shadows = self.cards.values().fold(Equation::default(), Equation::with_shadow).shadows;
        assert_eq!(equation.shadows, shadows, "ledger and issuer disagree");
        equation.purses = self.plastic.iter().map(|(_, plastic)| i128::from(balance(plastic))).sum();
        for moved in self.moved.clone() {
            let done = moved.amount * i128::from(moved.times);
            if moved.direction == Direction::Load {
                let waiting = self.ledger_balance(purse_chart::load_id(moved.operation));
                let ended = postings::load_ended_id(moved.operation);
                let credited = if self.has_transfer(ended, chart::LOAD_CREDITED) { moved.amount } else { 0 };
                equation.waiting_loads += waiting;
                equation.loads_in_flight += waiting + credited - done;
            } else {
                let is_paid = self.has_transfer(decision_id(moved.operation), chart::PURSE_UNLOAD);
                equation.unloads_in_flight += done - if is_paid { moved.amount } else { 0 };
            }
        }
        for sale in &self.sales {
            let amount = i128::from(sale.debit.terms.amount.units());
            let (is_believed, is_cancel_believed) = self.believed(sale);
            equation.debits_not_cleared += if is_believed { 0 } else { amount };
            let cancels = i128::from(sale.is_cancelled) - i128::from(is_cancel_believed);
            equation.cancels_not_cleared += cancels * amount;
        }
        equation.inferred_wrongly = self.false_beliefs(Belief::Inferred);
        equation
    }

    /// The equation holds, and nobody was paid for what no card did.
    pub(crate) fn audit(&mut self) {
        let equation = self.equation();
        assert_eq!(equation.difference(), 0, "{equation:?}");
        assert_eq!(self.created(), 0, "value was created");
        assert_eq!(self.false_beliefs(Belief::Proven), 0);
        for terminal in 0..self.terminals.len() {
            let account = self.terminals[terminal].account;
            let paid: i128 = self
                .cards
                .values()
                .flat_map(PurseCard::debits)
                .filter(|(_, known, _, cancelling)| {
                    known.seller == account && !matches!(cancelling, Cancelling::Done(_))
                })
                .map(|(_, known, ..)| i128::from(known.debit.terms.amount.units()))
                .sum();
            assert_eq!(self.ledger_balance(account), paid, "a seller has what its debits are");
        }
    }

    /// Units of loads that a card has and that are back in the wallet, and of unloads that the wallet has and the card, too.
    /// The equation calls them in flight, below zero.
    pub(crate) fn created(&mut self) -> i128 {
        let mut created = 0;
        for moved in self.moved.clone() {
            let ended = postings::load_ended_id(moved.operation);
            let is_wrong = match moved.direction {
                Direction::Load => moved.times > 0 && self.has_transfer(ended, chart::LOAD_RETURNED),
                Direction::Unload => {
                    moved.times == 0 && self.has_transfer(decision_id(moved.operation), chart::PURSE_UNLOAD)
                }
            };
            created += if is_wrong { moved.amount } else { 0 };
        }
        created
    }

    /// The sum of everything in the ledger's currency.
    pub(crate) fn ledger_sum(&mut self) -> i128 {
        let holder = chart::wallet_id(wallet::ids::HolderId::new(1), Currency::CNY);
        let mut ids = vec![holder, purse_chart::excess_id(Currency::CNY)];
        ids.extend(self.terminals.iter().map(|terminal| terminal.account));
        let names = self.cards.values().map(|card| card.identity().name());
        ids.extend(names.map(|name| purse_chart::purse_id(&name, Currency::CNY)));
        ids.extend(self.moved.iter().map(|moved| purse_chart::load_id(moved.operation)));
        ids.into_iter().map(|id| self.ledger_balance(id)).sum()
    }
}

impl World {
    /// Whether terminals hold two TACs of a card for one offline sequence.
    pub(crate) fn spent_one_sequence_twice(&self, asn: purse::fields::Asn) -> bool {
        use messages::card::Outcome;
        let mut sequences: Vec<_> = self
            .terminals
            .iter()
            .flat_map(|terminal| &terminal.records)
            .filter(|record| record.asn.0 == asn.0 && record.outcome != Outcome::Unknown)
            .map(|record| record.sequence)
            .collect();
        sequences.sort_unstable();
        sequences.windows(2).any(|pair| pair[0] == pair[1])
    }
}
