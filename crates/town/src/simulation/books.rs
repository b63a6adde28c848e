//! The simulation's own books of the ledger: every accepted transfer, posted a second time by other code.
//!
//! They know nothing of how the ledger decides; they take its acceptances and keep the sums, so that the equation can
//! be checked after every event without reading the ledger, and the ledger itself against them now and then.

use std::collections::{BTreeMap, HashSet};

use ledger::{
    Account, AccountFlags, AccountId, Amount, CreateTransferStatus, LedgerId, Request, Response, Transfer,
    TransferFlags, TransferId,
};
use money::Currency;
use wallet::chart;

/// What the books know of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    ledger: LedgerId,
    is_customer: bool,
    is_limited: bool,
    debits_posted: u128,
    credits_posted: u128,
    debits_pending: u128,
    credits_pending: u128,
}

/// Money that is reserved until the bank has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The transfer that reserved, whose id is also the operation's.
    pub transfer: TransferId,
    /// Whether the bank gives (a top-up) rather than receives (a withdrawal).
    pub is_top_up: bool,
    /// The ledger.
    pub ledger: LedgerId,
    /// How much.
    pub amount: u128,
    debit: AccountId,
    credit: AccountId,
}

/// The books.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pages: BTreeMap<AccountId, Page>,
    reservations: BTreeMap<TransferId, Reservation>,
    /// What customers own, per ledger, posted.
    owned: BTreeMap<LedgerId, i128>,
    /// Never iterated.
    transfers: HashSet<TransferId>,
}

/// How far the books and the ledger are apart, or what the ledger accepted and never should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(pub String);

impl Books {
    /// Enters what the ledger accepted of a request.
    ///
    /// # Errors
    /// [`Mismatch`] where the ledger accepted what its own rules forbid.
    pub fn enter(&mut self, request: &Request, response: &Response) -> Result<(), Mismatch> {
        match (request, response) {
            (Request::CreateAccounts(accounts), Response::CreateAccounts(results)) => {
                let done = accounts.iter().zip(results).filter(|(_, result)| result.status.is_done());
                done.for_each(|(account, _)| self.open(account));
                Ok(())
            }
            (Request::CreateTransfers(transfers), Response::CreateTransfers(results)) => {
                for (transfer, result) in transfers.iter().zip(results) {
                    if result.status == CreateTransferStatus::Created {
                        self.post(transfer)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Opens a page for an account, where there is none yet.
    pub fn open(&mut self, account: &Account) {
        self.pages.entry(account.id).or_insert(Page {
            ledger: account.ledger,
            is_customer: !chart::is_memo(account.ledger) && account.code != chart::BANK,
            is_limited: account.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS),
            debits_posted: 0,
            credits_posted: 0,
            debits_pending: 0,
            credits_pending: 0,
        });
    }

    /// Enters one accepted transfer.
    ///
    /// # Errors
    /// As for [`Books::enter`].
    pub fn post(&mut self, transfer: &Transfer) -> Result<(), Mismatch> {
        if !self.transfers.insert(transfer.id) {
            return Err(Mismatch(format!("transfer {:032x} was created twice", transfer.id.0)));
        }
        if transfer.resolves_pending() {
            return self.resolve(transfer);
        }
        let (debit, credit) = (transfer.debit_account_id, transfer.credit_account_id);
        let amount = transfer.amount.0;
        if transfer.flags.contains(TransferFlags::PENDING) {
            self.page(debit)?.debits_pending += amount;
            self.page(credit)?.credits_pending += amount;
            let is_top_up = transfer.code == chart::TOP_UP;
            let (id, ledger) = (transfer.id, transfer.ledger);
            self.reservations
                .insert(id, Reservation { transfer: id, is_top_up, ledger, amount, debit, credit });
        } else {
            self.move_posted(debit, credit, amount)?;
        }
        self.check_limit(debit)
    }

    fn resolve(&mut self, transfer: &Transfer) -> Result<(), Mismatch> {
        let Some(reserved) = self.reservations.remove(&transfer.pending_id) else {
            return Err(Mismatch(format!("transfer {:032x} resolved what was not pending", transfer.id.0)));
        };
        self.page(reserved.debit)?.debits_pending -= reserved.amount;
        self.page(reserved.credit)?.credits_pending -= reserved.amount;
        if transfer.flags.contains(TransferFlags::POST_PENDING_TRANSFER) {
            let amount = if transfer.amount == Amount::MAX { reserved.amount } else { transfer.amount.0 };
            self.move_posted(reserved.debit, reserved.credit, amount)?;
        }
        Ok(())
    }

    fn move_posted(&mut self, debit: AccountId, credit: AccountId, amount: u128) -> Result<(), Mismatch> {
        let change = i128::try_from(amount).map_err(|_| Mismatch("amount beyond any money".to_owned()))?;
        let page = self.page(debit)?;
        page.debits_posted += amount;
        let (ledger, is_customer) = (page.ledger, page.is_customer);
        if is_customer {
            *self.owned.entry(ledger).or_insert(0) -= change;
        }
        let page = self.page(credit)?;
        page.credits_posted += amount;
        let (ledger, is_customer) = (page.ledger, page.is_customer);
        if is_customer {
            *self.owned.entry(ledger).or_insert(0) += change;
        }
        Ok(())
    }

    fn page(&mut self, account: AccountId) -> Result<&mut Page, Mismatch> {
        let unknown =
            || Mismatch(format!("the ledger moved money of account {:032x}, never opened", account.0));
        self.pages.get_mut(&account).ok_or_else(unknown)
    }

    fn check_limit(&mut self, account: AccountId) -> Result<(), Mismatch> {
        let page = self.page(account)?;
        if page.is_limited && page.debits_posted + page.debits_pending > page.credits_posted {
            return Err(Mismatch(format!("account {:032x} went below zero", account.0)));
        }
        Ok(())
    }

    /// Whether the account has a page.
    #[must_use]
    pub fn has_account(&self, account: AccountId) -> bool {
        self.pages.contains_key(&account)
    }

    /// Money reserved until the bank has answered, in order of id.
    pub fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    /// What customers own in this currency, posted; reserved withdrawals still count, reserved top-ups do not.
    #[must_use]
    pub fn owned(&self, currency: Currency) -> i128 {
        self.owned.get(&chart::money_ledger(currency)).copied().unwrap_or(0)
    }

    /// What an account has, posted: credits less debits.
    #[must_use]
    pub fn balance(&self, account: AccountId) -> i128 {
        self.pages.get(&account).map_or(0, |page| signed(page.credits_posted) - signed(page.debits_posted))
    }

    /// How many transfers were entered.
    #[must_use]
    pub fn posted(&self) -> u64 {
        u64::try_from(self.transfers.len()).unwrap_or(u64::MAX)
    }

    /// Whether the transfer was entered.
    #[must_use]
    pub fn has_transfer(&self, id: TransferId) -> bool {
        self.transfers.contains(&id)
    }

    /// The ids of all accounts, in order.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.pages.keys().copied()
    }

    /// Compares an account of the ledger with its page.
    ///
    /// # Errors
    /// [`Mismatch`] where any of the four balances differs.
    pub fn compare(&self, account: &Account) -> Result<(), Mismatch> {
        let balances = [
            account.debits_pending.0,
            account.debits_posted.0,
            account.credits_pending.0,
            account.credits_posted.0,
        ];
        let page = self.pages.get(&account.id);
        let own = page.map(|p| [p.debits_pending, p.debits_posted, p.credits_pending, p.credits_posted]);
        if own == Some(balances) {
            return Ok(());
        }
        Err(Mismatch(format!(
            "account {:032x}: the ledger has {balances:?}, the books have {own:?} (debits pending and posted, \
             credits pending and posted)",
            account.id.0
        )))
    }

    /// The sums of all debits and of all credits, pending and posted apart, over all accounts.
    #[must_use]
    pub fn totals(&self) -> [u128; 4] {
        self.pages.values().fold([0; 4], |sum, page| {
            [
                sum[0] + page.debits_pending,
                sum[1] + page.debits_posted,
                sum[2] + page.credits_pending,
                sum[3] + page.credits_posted,
            ]
        })
    }
}

fn signed(amount: u128) -> i128 {
    i128::try_from(amount).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::Books;
    use ledger::{Amount, TransferFlags, TransferId};
    use money::Currency;
    use wallet::chart;
    use wallet::ids::{BankId, CardId, HolderId, MerchantId, OperationId};
    use wallet::postings::{self, CardMovement, Fingerprint, MerchantPayment};

    const HOLDER: HolderId = HolderId::new(1);
    const BANK: BankId = BankId::new(2);
    const SHOP: MerchantId = MerchantId::new(3);

    fn yuan(fen: u64) -> money::Amount {
        money::Amount::from_minor(fen, Currency::CNY).unwrap()
    }

    fn opened() -> Books {
        let mut books = Books::default();
        books.open(&chart::wallet(HOLDER, Currency::CNY));
        books.open(&chart::merchant(SHOP, Currency::CNY));
        books.open(&chart::bank(BANK, Currency::CNY));
        books
    }

    fn top_up(number: u128, fen: u64) -> CardMovement {
        let operation = OperationId::new(number);
        CardMovement { operation, holder: HOLDER, bank: BANK, card: CardId::new(9), amount: yuan(fen) }
    }

    #[test]
    fn a_reservation_counts_only_after_it_is_posted() {
        let mut books = opened();
        books.post(&postings::top_up_requested(&top_up(10, 500))).unwrap();
        assert_eq!((books.owned(Currency::CNY), books.reservations().count()), (0, 1));
        books.post(&postings::settled(OperationId::new(10))).unwrap();
        assert_eq!((books.owned(Currency::CNY), books.reservations().count()), (500, 0));
    }

    #[test]
    fn a_voided_reservation_leaves_nothing() {
        let mut books = opened();
        books.post(&postings::top_up_requested(&top_up(10, 500))).unwrap();
        books.post(&postings::released(OperationId::new(10))).unwrap();
        assert_eq!(books.totals(), [0; 4]);
    }

    #[test]
    fn a_wallet_below_zero_is_noticed() {
        let mut books = opened();
        let payment = MerchantPayment {
            operation: OperationId::new(11),
            payer: HOLDER,
            merchant: SHOP,
            amount: yuan(1),
            fingerprint: Fingerprint(1),
        };
        assert!(books.post(&postings::paid(&payment)).is_err());
    }

    #[test]
    fn a_resolution_without_reservation_is_noticed() {
        let mut books = opened();
        let void = ledger::Transfer {
            id: TransferId(5),
            pending_id: TransferId(6),
            flags: TransferFlags::VOID_PENDING_TRANSFER,
            amount: Amount(0),
            ..ledger::Transfer::default()
        };
        assert!(books.post(&void).is_err());
    }
}
