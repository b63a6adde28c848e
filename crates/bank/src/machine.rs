//! The state machine: a request is decided into at most one event, and the event is applied.

use std::collections::{BTreeMap, VecDeque};

use ledger::Timestamp;
use money::{Amount, Currency};

use crate::event::Movement;
use crate::expiry::day_of;
use crate::{
    AccountNumber, Card, CardLimits, CardState, Decline, Event, Expiry, OperationRef, Outcome, Pan, Request,
    Response, Token,
};

/// What goes wrong with the next charge or pay-out, on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is declined.
    Decline,
    /// The request gets lost: no effect, no answer.
    TimeOutBefore,
    /// The answer gets lost: the effect is there.
    TimeOutAfter,
}

/// What the bank's own staff does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens an account with this much in it.
    OpenAccount(AccountNumber, Amount),
    /// Issues a card.
    IssueCard {
        /// Its number.
        pan: Pan,
        /// As printed.
        holder_name: String,
        /// Its last month.
        expiry: Expiry,
        /// The account behind it, which must exist.
        account: AccountNumber,
        /// What it may be charged, in the account's currency.
        limits: CardLimits,
    },
    /// Freezes, unfreezes or blacklists a card.
    SetCardState(Pan, CardState),
    /// From now on the customer is asked at the bank's page before the card is charged more than this, in the account's
    /// currency.
    AskAbove(Pan, Amount),
    /// The customer's word on a charge that the bank asked about.
    Answer {
        /// The operation.
        operation: OperationRef,
        /// Yes or no.
        consent: bool,
        /// When.
        now: Timestamp,
    },
    /// Money comes from outside.
    Deposit(AccountNumber, Amount),
}

/// Why an [`Order`] was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRefused {
    /// The account or card exists already.
    Exists,
    /// The account or card does not exist.
    NotFound,
    /// Another currency, or a sum out of range.
    Amount,
    /// The bank does not wait for the customer's word on this operation, or does not any more.
    NotAsked,
}

/// What a bank asks its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What the card would be charged.
    pub amount: Amount,
    /// As printed on the card.
    pub holder_name: String,
    /// The last four digits of the card's number.
    pub last_four: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a request did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// What happened, to be kept before the answer is sent. `None`: nothing changed.
    pub event: Option<Event>,
    /// The answer; `None` where a [`Fault`] swallowed it.
    pub response: Option<Response>,
}

/// What the bank moved to and from the operator so far, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From customers to the operator: what the operator may issue against.
    pub charged: Amount,
    /// From the operator to customers: what was redeemed.
    pub paid_out: Amount,
}

/// A movement that a bank carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The operator's reference.
    pub operation: OperationRef,
    /// The day it counts for, since 1970-01-01.
    pub day: u64,
    /// How much.
    pub amount: Amount,
    /// Whether it went to a customer rather than from one.
    pub pay_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    balance: Amount,
    held: Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operation {
    /// `None` where the id was blocked before anything was asked under it.
    movement: Option<Movement>,
    day: u64,
    outcome: Outcome,
    /// Whether the customer was asked.
    asked: bool,
}

/// A bank with its customers. Equal banks answer equally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    token_key: [u8; 32],
    accounts: BTreeMap<AccountNumber, Account>,
    cards: BTreeMap<Pan, Card>,
    tokens: BTreeMap<Token, Pan>,
    operations: BTreeMap<OperationRef, Operation>,
    statements: BTreeMap<u16, Statement>,
    faults: VecDeque<Fault>,
}

impl Bank {
    /// A bank without customers. Tokens are derived from card numbers under `token_key`.
    #[must_use]
    pub const fn new(token_key: [u8; 32]) -> Self {
        Self {
            token_key,
            accounts: BTreeMap::new(),
            cards: BTreeMap::new(),
            tokens: BTreeMap::new(),
            operations: BTreeMap::new(),
            statements: BTreeMap::new(),
            faults: VecDeque::new(),
        }
    }

    /// Lets the next charge or pay-out that has no fault yet go wrong.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    /// How many injected faults have not happened yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.faults.len()
    }

    /// What became of an operation.
    #[must_use]
    pub fn outcome(&self, operation: OperationRef) -> Outcome {
        self.operations.get(&operation).map_or(Outcome::NotFound, |known| known.outcome)
    }

    /// What stands in the address of the page where the customer is asked, so that nobody else finds it.
    #[must_use]
    pub fn ticket(&self, operation: OperationRef) -> u128 {
        self.keyed(b"question", &operation.0.to_be_bytes())
    }

    /// What the customer is asked about a charge. `None`: never asked anything.
    #[must_use]
    pub fn question(&self, operation: OperationRef) -> Option<Question> {
        let known = self.operations.get(&operation)?;
        let movement = known.movement.filter(|_| known.asked)?;
        let pan = self.tokens.get(&movement.token)?;
        Some(Question {
            amount: movement.amount,
            holder_name: self.cards.get(pan)?.holder_name.clone(),
            last_four: pan.last_four().to_owned(),
            outcome: known.outcome,
        })
    }

    /// Every movement to or from the operator that was carried out, by the operator's reference.
    pub fn booked(&self) -> impl Iterator<Item = Booked> {
        let done = self.operations.iter().filter(|(_, known)| known.outcome == Outcome::Done);
        done.filter_map(|(operation, known)| {
            let Movement { amount, pay_out, .. } = known.movement?;
            Some(Booked { operation: *operation, day: known.day, amount, pay_out })
        })
    }

    /// What was moved to and from the operator in this currency.
    #[must_use]
    pub fn statement(&self, currency: Currency) -> Statement {
        let nothing = Amount::zero(currency);
        let empty = Statement { charged: nothing, paid_out: nothing };
        self.statements.get(&currency.numeric()).copied().unwrap_or(empty)
    }

    /// The currencies in which anything was moved to or from the operator.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.statements.values().map(|statement| statement.charged.currency())
    }

    /// The card with this number.
    #[must_use]
    pub fn card(&self, pan: &Pan) -> Option<&Card> {
        self.cards.get(pan)
    }

    /// Every card, by number.
    pub fn cards(&self) -> impl Iterator<Item = (&Pan, &Card)> {
        self.cards.iter()
    }

    /// The balance of an account.
    #[must_use]
    pub fn balance(&self, account: AccountNumber) -> Option<Amount> {
        self.accounts.get(&account).map(|account| account.balance)
    }

    /// Answers a request of the operator.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Handled {
        let fault = match request {
            Request::Charge { .. } | Request::PayOut { .. } | Request::Authorise { .. } => {
                self.faults.pop_front()
            }
            _ => None,
        };
        if fault == Some(Fault::TimeOutBefore) {
            return Handled { event: None, response: None };
        }
        let (event, response) = match self.decide(now, request, fault == Some(Fault::Decline)) {
            Ok(event) => {
                self.apply(&event);
                let response = Response::Operation(self.outcome(operation_of(&event)));
                (Some(event), response)
            }
            Err(response) => (None, response),
        };
        let answered = fault != Some(Fault::TimeOutAfter);
        Handled { event, response: answered.then_some(response) }
    }

    /// Carries out an order of the bank's own staff, and says what is to be kept.
    ///
    /// # Errors
    /// See [`OrderRefused`]; nothing changed.
    pub fn order(&mut self, order: Order) -> Result<Event, OrderRefused> {
        let event = self.decide_order(order)?;
        self.apply(&event);
        Ok(event)
    }

    fn decide_order(&self, order: Order) -> Result<Event, OrderRefused> {
        match order {
            Order::OpenAccount(account, balance) => match self.accounts.get(&account) {
                Some(_) => Err(OrderRefused::Exists),
                None => Ok(Event::AccountOpened { account, balance }),
            },
            Order::IssueCard { pan, holder_name, expiry, account, limits } => {
                let owned = self.accounts.get(&account).ok_or(OrderRefused::NotFound)?;
                let currency = owned.balance.currency();
                if self.cards.contains_key(&pan) {
                    return Err(OrderRefused::Exists);
                }
                if limits.per_charge.currency() != currency || limits.per_day.currency() != currency {
                    return Err(OrderRefused::Amount);
                }
                Ok(Event::CardIssued { pan, holder_name, expiry, account, limits })
            }
            Order::SetCardState(pan, state) => match self.cards.get(&pan) {
                Some(_) => Ok(Event::CardStateChanged { pan, state }),
                None => Err(OrderRefused::NotFound),
            },
            Order::AskAbove(pan, above) => match self.cards.get(&pan) {
                Some(card) if card.limits.per_charge.currency() == above.currency() => {
                    Ok(Event::AskingBegun { pan, above })
                }
                Some(_) => Err(OrderRefused::Amount),
                None => Err(OrderRefused::NotFound),
            },
            Order::Answer { operation, consent, now } => self.decide_answer(operation, consent, now),
            Order::Deposit(account, amount) => {
                let owned = self.accounts.get(&account).ok_or(OrderRefused::NotFound)?;
                owned.balance.checked_add(amount).map_err(|_| OrderRefused::Amount)?;
                Ok(Event::Deposited { account, amount })
            }
        }
    }

    /// The customer's word on a charge; what was allowed when the bank asked is checked again.
    fn decide_answer(
        &self,
        operation: OperationRef,
        consent: bool,
        now: Timestamp,
    ) -> Result<Event, OrderRefused> {
        let known = self.operations.get(&operation).filter(|known| known.outcome == Outcome::Asked);
        let movement = known.and_then(|known| known.movement).ok_or(OrderRefused::NotAsked)?;
        let allowed = if consent { self.allowed(now, movement) } else { Err(Decline::RefusedByCustomer) };
        Ok(match allowed {
            Ok(()) => Event::Moved { operation, movement, day: day_of(now) },
            Err(reason) => Event::Declined { operation, movement, reason },
        })
    }

    /// What the request makes happen, or the answer where nothing changes.
    fn decide(&self, now: Timestamp, request: &Request, declined: bool) -> Result<Event, Response> {
        match request {
            Request::Bind { pan, expiry, holder_name } => Err(self.bind(now, pan, *expiry, holder_name)),
            Request::Balance { token } => Err(match self.by_token(*token) {
                Some((_, account)) => Response::Balance(account.balance),
                None => Response::Refused(Decline::UnknownCard),
            }),
            Request::Authorise { operation, token, amount } => {
                let movement = Movement { token: *token, amount: *amount, pay_out: false };
                let reason = self.first_time(*operation, movement, now, declined)?;
                Ok(match reason {
                    None => Event::Authorised { operation: *operation, movement, day: day_of(now) },
                    Some(reason) => Event::Declined { operation: *operation, movement, reason },
                })
            }
            Request::Charge { operation, token, amount } => self.decide_move(
                *operation,
                Movement { token: *token, amount: *amount, pay_out: false },
                now,
                declined,
            ),
            Request::PayOut { operation, token, amount } => self.decide_move(
                *operation,
                Movement { token: *token, amount: *amount, pay_out: true },
                now,
                declined,
            ),
            Request::Capture { operation } => match self.outcome(*operation) {
                Outcome::Authorised => Ok(Event::Captured { operation: *operation }),
                outcome => Err(Response::Operation(outcome)),
            },
            Request::Reverse { operation } => match self.outcome(*operation) {
                Outcome::Authorised | Outcome::Asked | Outcome::NotFound => {
                    Ok(Event::Reversed { operation: *operation })
                }
                outcome => Err(Response::Operation(outcome)),
            },
            Request::Inquire { operation } => Err(Response::Operation(self.outcome(*operation))),
        }
    }

    fn decide_move(
        &self,
        operation: OperationRef,
        movement: Movement,
        now: Timestamp,
        declined: bool,
    ) -> Result<Event, Response> {
        let reason = self.first_time(operation, movement, now, declined)?;
        Ok(match reason {
            None if self.asks(movement) => Event::Asked { operation, movement },
            None => Event::Moved { operation, movement, day: day_of(now) },
            Some(reason) => Event::Declined { operation, movement, reason },
        })
    }

    /// Whether the customer has a word to say before this moves.
    fn asks(&self, movement: Movement) -> bool {
        let card = self.by_token(movement.token).map(|(card, _)| card);
        !movement.pay_out && card.is_some_and(|card| card.asks(movement.amount))
    }

    /// Why the movement is declined, if it is. An operation seen before gets its answer of then.
    fn first_time(
        &self,
        operation: OperationRef,
        movement: Movement,
        now: Timestamp,
        declined: bool,
    ) -> Result<Option<Decline>, Response> {
        if let Some(known) = self.operations.get(&operation) {
            let same = known.movement.is_none_or(|before| before == movement);
            return Err(if same {
                Response::Operation(known.outcome)
            } else {
                Response::Refused(Decline::OperationDiffers)
            });
        }
        if declined {
            return Ok(Some(Decline::Unspecified));
        }
        Ok(self.allowed(now, movement).err())
    }

    fn allowed(&self, now: Timestamp, movement: Movement) -> Result<(), Decline> {
        let (card, account) = self.by_token(movement.token).ok_or(Decline::UnknownCard)?;
        card.usable(now)?;
        if movement.amount.currency() != account.balance.currency() {
            return Err(Decline::OtherCurrency);
        }
        if movement.pay_out {
            let statement = self.statement(movement.amount.currency());
            let float =
                statement.charged.checked_sub(statement.paid_out).map_err(|_| Decline::OperatorShort)?;
            float.checked_sub(movement.amount).map_err(|_| Decline::OperatorShort)?;
            account.balance.checked_add(movement.amount).map_err(|_| Decline::Unspecified)?;
            return Ok(());
        }
        card.within_limits(now, movement.amount)?;
        let free = account.balance.checked_sub(account.held).map_err(|_| Decline::InsufficientFunds)?;
        free.checked_sub(movement.amount).map_err(|_| Decline::InsufficientFunds)?;
        let charged = self.statement(movement.amount.currency()).charged;
        charged.checked_add(movement.amount).map_err(|_| Decline::Unspecified)?;
        Ok(())
    }

    fn by_token(&self, token: Token) -> Option<(&Card, &Account)> {
        let card = self.cards.get(self.tokens.get(&token)?)?;
        Some((card, self.accounts.get(&card.account)?))
    }

    fn bind(&self, now: Timestamp, pan: &str, expiry: Expiry, holder_name: &str) -> Response {
        let Ok(pan) = pan.parse::<Pan>() else {
            return Response::Refused(Decline::UnknownCard);
        };
        let same_name =
            |card: &Card| card.holder_name.trim().to_lowercase() == holder_name.trim().to_lowercase();
        match self.cards.get(&pan) {
            Some(card) if card.expiry == expiry && same_name(card) => match card.usable(now) {
                Ok(()) => Response::Bound {
                    token: self.token_of(&pan),
                    brand: pan.brand(),
                    last_four: pan.last_four().to_owned(),
                },
                Err(reason) => Response::Refused(reason),
            },
            _ => Response::Refused(Decline::UnknownCard),
        }
    }

    fn token_of(&self, pan: &Pan) -> Token {
        Token(self.keyed(b"", pan.digits().as_bytes()))
    }

    /// A number that only this bank finds.
    fn keyed(&self, domain: &[u8], fact: &[u8]) -> u128 {
        let hash = blake3::keyed_hash(&self.token_key, &[domain, fact].concat());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        u128::from_be_bytes(bytes)
    }

    /// Makes the event part of the state. Events come from [`Bank::handle`] and [`Bank::order`] of the same bank, in
    /// their order.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::AccountOpened { account, balance } => {
                let held = Amount::zero(balance.currency());
                self.accounts.insert(*account, Account { balance: *balance, held });
            }
            Event::CardIssued { pan, holder_name, expiry, account, limits } => {
                self.tokens.insert(self.token_of(pan), pan.clone());
                self.cards.insert(pan.clone(), Card::new(*account, holder_name.clone(), *expiry, *limits));
            }
            Event::CardStateChanged { pan, state } => {
                if let Some(card) = self.cards.get_mut(pan) {
                    card.state = *state;
                }
            }
            Event::AskingBegun { pan, above } => {
                if let Some(card) = self.cards.get_mut(pan) {
                    card.ask_above = Some(*above);
                }
            }
            Event::Asked { operation, movement } => {
                self.note(*operation, Some(*movement), 0, Outcome::Asked);
            }
            Event::Deposited { account, amount } => {
                if let Some(account) = self.accounts.get_mut(account) {
                    account.balance = decided(account.balance.checked_add(*amount));
                }
            }
            Event::Authorised { operation, movement, day } => {
                self.hold(*movement, *day);
                self.note(*operation, Some(*movement), *day, Outcome::Authorised);
            }
            Event::Captured { operation } => {
                if let Some(Operation { movement: Some(movement), day, .. }) =
                    self.operations.get(operation).copied()
                {
                    self.unhold(movement, day);
                    self.move_money(movement, day);
                    self.note(*operation, Some(movement), day, Outcome::Done);
                }
            }
            Event::Moved { operation, movement, day } => {
                self.move_money(*movement, *day);
                self.note(*operation, Some(*movement), *day, Outcome::Done);
            }
            Event::Declined { operation, movement, reason } => {
                self.note(*operation, Some(*movement), 0, Outcome::Declined(*reason));
            }
            Event::Reversed { operation } => {
                let known = self.operations.get(operation).copied();
                if let Some(Operation {
                    movement: Some(movement), day, outcome: Outcome::Authorised, ..
                }) = known
                {
                    self.unhold(movement, day);
                }
                self.note(*operation, known.and_then(|known| known.movement), 0, Outcome::Reversed);
            }
        }
    }

    fn note(&mut self, operation: OperationRef, movement: Option<Movement>, day: u64, outcome: Outcome) {
        let before = self.operations.get(&operation);
        let asked = outcome == Outcome::Asked || before.is_some_and(|known| known.asked);
        self.operations.insert(operation, Operation { movement, day, outcome, asked });
    }

    fn card_and_account(&mut self, token: Token) -> Option<(&mut Card, &mut Account)> {
        let card = self.cards.get_mut(self.tokens.get(&token)?)?;
        let account = self.accounts.get_mut(&card.account)?;
        Some((card, account))
    }

    fn hold(&mut self, movement: Movement, day: u64) {
        if let Some((card, account)) = self.card_and_account(movement.token) {
            card.count(day, movement.amount);
            account.held = decided(account.held.checked_add(movement.amount));
        }
    }

    fn unhold(&mut self, movement: Movement, day: u64) {
        if let Some((card, account)) = self.card_and_account(movement.token) {
            card.uncount(day, movement.amount);
            account.held = decided(account.held.checked_sub(movement.amount));
        }
    }

    fn move_money(&mut self, movement: Movement, day: u64) {
        let amount = movement.amount;
        if let Some((card, account)) = self.card_and_account(movement.token) {
            if movement.pay_out {
                account.balance = decided(account.balance.checked_add(amount));
            } else {
                card.count(day, amount);
                account.balance = decided(account.balance.checked_sub(amount));
            }
        }
        let mut statement = self.statement(amount.currency());
        let sum = if movement.pay_out { &mut statement.paid_out } else { &mut statement.charged };
        *sum = decided(sum.checked_add(amount));
        self.statements.insert(amount.currency().numeric(), statement);
    }
}

/// The sum of a movement that was decided: the decision checked that it is in range.
fn decided(sum: Result<Amount, money::MoneyError>) -> Amount {
    sum.expect("an event is decided only where its sums are in range")
}

fn operation_of(event: &Event) -> OperationRef {
    match event {
        Event::Authorised { operation, .. }
        | Event::Asked { operation, .. }
        | Event::Captured { operation }
        | Event::Moved { operation, .. }
        | Event::Declined { operation, .. }
        | Event::Reversed { operation } => *operation,
        Event::AccountOpened { .. }
        | Event::CardIssued { .. }
        | Event::CardStateChanged { .. }
        | Event::AskingBegun { .. }
        | Event::Deposited { .. } => {
            unreachable!("requests decide operations; staff orders have their own way")
        }
    }
}
