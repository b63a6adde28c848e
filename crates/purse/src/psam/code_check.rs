//! Whether a TAC is the one that a card makes of a debit. The module says yes or no, and never what the TAC would be: whoever
//! holds it learns no more than by guessing, and guesses are bounded.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{factors::Factors, module::SecurityModule};
use crate::{
    amount::Amount,
    answer::{Answer, done, ensure, expect_le},
    fields::{DateTime, Kind, Mac, Tac, TerminalTransaction, Terms},
    key_table::KeyRecord,
    nvm::Nvm,
    pboc::{key::TransactionCode, session::SessionKey, transaction},
};

/// What the TAC of a debit or cancel covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Debit {
    pub(super) terms: Terms,
    pub(super) transaction: TerminalTransaction,
    pub(super) when: DateTime,
}

impl<N: Nvm> SecurityModule<N> {
    /// 80 78: whether a card's TAC is that of a debit at this terminal, long after the module has forgotten its session: amount ‖
    /// kind ‖ transaction ‖ date ‖ time ‖ TAC ‖ factors. A wrong one costs one of [`super::CODE_TRIES`], which only a collection
    /// gives back: a right TAC that somebody has, said again and again, must not buy more guesses.
    pub(super) fn check_code(&mut self, command: &Command<'_>) -> Answer {
        let (head, factors) = command.data().split_first_chunk::<20>().ok_or(StatusWord::WRONG_LENGTH)?;
        let card = Factors::parse(factors).ok_or(StatusWord::WRONG_LENGTH)?;
        expect_le(command, 0)?;
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        let contents = self.contents();
        let tries = contents.code_tries.checked_sub(1).ok_or(StatusWord::BLOCKED)?;
        let [a, b, c, d, kind, e, f, g, h, when_and_tac @ ..] = *head;
        let [i, j, k, l, m, n, o, tac @ ..] = when_and_tac;
        let kind = Kind::from_byte(kind).filter(|kind| kind.is_debit_or_cancel());
        let kind = kind.ok_or(StatusWord::WRONG_DATA)?;
        ensure(self.code_keys().next().is_some(), StatusWord::KEY_INDEX)?;
        let transaction = TerminalTransaction::from_bytes([e, f, g, h]);
        ensure(transaction < contents.transaction, StatusWord::WRONG_DATA)?;

        let terms = Terms { amount: Amount::from_bytes([a, b, c, d]), kind, terminal: contents.terminal };
        let debit = Debit { terms, transaction, when: DateTime([i, j, k, l, m, n, o]) };
        let (before, mut next) = (contents.code_tries, contents.clone());
        next.code_tries = tries;
        self.journal.commit(next)?;
        ensure(self.is_code(&debit, &card, Tac(Mac(tac))), StatusWord::TRANSACTION_MAC_WRONG)?;
        let mut next = self.contents().clone();
        next.code_tries = before;
        self.journal.commit(next)?;
        done(&[])
    }

    /// Whether the card makes this TAC of a debit, under any version of its key that it may have: cards do not say which. Takes
    /// the same time whichever it is.
    pub(super) fn is_code(&self, debit: &Debit, card: &Factors, tac: Tac) -> bool {
        let Debit { terms, transaction, when } = debit;
        let codes = self.code_keys().filter_map(|master| {
            let (key, algorithm) = self.card_key::<TransactionCode>(master, card)?;
            let session = SessionKey::of_transaction_codes(&key, algorithm);
            Some(transaction::purchase_tac(&session, terms, *transaction, when))
        });
        codes.filter(|code| *code == tac).count() > 0
    }

    /// The master keys that make TACs, but for versions that are too old.
    pub(super) fn code_keys(&self) -> impl Iterator<Item = &KeyRecord> {
        let contents = self.contents();
        let records = contents.keys.all_records::<TransactionCode>();
        records.filter(|record| record.version >= contents.minimum_version)
    }
}
