//! Approvals by two people: one asks, another decides, and what they decided happens once.
//!
//! Invariants:
//! * who asked never approves;
//! * a correction of a balance is one transfer whose id comes from the approval: the ledger carries it out once, however
//!   many approve at the same moment, and never after it was rejected;
//! * the rest of a lost card is decided in the transaction that ends its approval;
//! * what only describes changes in the same transaction as the approval that allows it.

use ledger::CreateTransferStatus as Status;
use messages::card::Asn;
use money::{Amount, Currency};
use records::approvals::{self as rows, Approval, ApprovalState, Ending};
use records::control;
use records::merchants::{self as merchant_rows, Merchant, MerchantStatus};
use records::operations::{self, NewOperation, OperationKind, OperationState, PartyId};
use records::principals::{self, Language};
use records::risk::RuleState;
use records::{RecordsError, Sql};
use serde_json::{Value, json};
use wallet::adjustment::{self, Correction, Direction};
use wallet::chart;
use wallet::ids::{ApprovalId, BankId, HolderId, MerchantId, OperationId, PrincipalId, derive};
use wallet::postings;

use crate::card_purses::{issuing, lost};
use crate::duties::{self, Permission};
use crate::merchants::{self, NewMerchant};
use crate::one_step::{Verdict, verdict};
use crate::staff::{Employer, NewStaff};
use crate::{OperationError, Operations, Party, Reason, audit_log, directory, memo, risk_desk, risk_rules};

/// How long the second person has.
const LIFE_SECONDS: u32 = 3 * 86_400;

/// Whose balance is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// A holder's wallet.
    Holder(HolderId),
    /// A merchant's account.
    Merchant(MerchantId),
    /// The operator's own money at a bank, as when a bank took a fee.
    Bank(BankId),
}

impl Corrected {
    const fn code(self) -> &'static str {
        match self {
            Self::Holder(_) => "holder",
            Self::Merchant(_) => "merchant",
            Self::Bank(_) => "bank",
        }
    }

    /// The party of the operation.
    #[must_use]
    pub fn party(self) -> PartyId {
        match self {
            Self::Holder(id) => id.into(),
            Self::Merchant(id) => id.into(),
            Self::Bank(id) => id.into(),
        }
    }

    fn account(self, currency: Currency) -> ledger::AccountId {
        match self {
            Self::Holder(id) => chart::wallet_id(id, currency),
            Self::Merchant(id) => chart::merchant_id(id, currency),
            Self::Bank(id) => chart::bank_id(id, currency),
        }
    }
}

/// A merchant that is to be admitted, with the login of its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The merchant.
    pub merchant: NewMerchant,
    /// The name that the owner logs in with.
    pub login: String,
    /// The hash of the owner's first password, in PHC form.
    pub password_hash: String,
}

/// What two people decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Correct a balance.
    Correct {
        /// Whose.
        party: Corrected,
        /// Which way.
        direction: Direction,
        /// By how much.
        amount: Amount,
    },
    /// Admit a merchant.
    Admit(Admission),
    /// Close a merchant for good.
    Close(MerchantId),
    /// Switch on a version of a rule.
    SwitchOn {
        /// Which rule.
        rule: u128,
        /// The version that was looked at; a later one is not switched on.
        version: u32,
    },
    /// Give the rest of a lost card back to its holder.
    RefundCard(Asn),
}

impl Action {
    /// The word of records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Correct { .. } => "correct",
            Self::Admit(_) => "admit",
            Self::Close(_) => "close",
            Self::SwitchOn { .. } => "switch_on",
            Self::RefundCard(_) => "refund_card",
        }
    }

    /// The canonical text that the record keeps.
    fn payload(&self) -> String {
        match self {
            Self::Correct { party, direction, amount } => json!({
                "party": party.code(),
                "id": party.party().to_string(),
                "to_party": *direction == Direction::ToParty,
                "minor": amount.minor(),
                "currency": amount.currency().code(),
            }),
            Self::Admit(admission) => json!({
                "code": admission.merchant.code,
                "name_zh": admission.merchant.name_zh,
                "name_en": admission.merchant.name_en,
                "category": admission.merchant.category,
                "login": admission.login,
                "password_hash": admission.password_hash,
            }),
            Self::Close(merchant) => json!({ "merchant": merchant.to_string() }),
            Self::SwitchOn { rule, version } => {
                json!({ "rule": risk_rules::subject(*rule), "version": version })
            }
            Self::RefundCard(card) => json!({ "card": issuing::number_text(*card) }),
        }
        .to_string()
    }

    /// The action that an approval is about. `None` where its text is of another program.
    #[must_use]
    pub fn of(approval: &Approval) -> Option<Self> {
        let payload: Value = serde_json::from_str(&approval.payload).ok()?;
        let text = |name: &str| payload[name].as_str().map(str::to_owned);
        Some(match approval.action.as_str() {
            "correct" => Self::Correct {
                party: corrected(payload["party"].as_str()?, payload["id"].as_str()?)?,
                direction: if payload["to_party"].as_bool()? {
                    Direction::ToParty
                } else {
                    Direction::FromParty
                },
                amount: Amount::from_minor(
                    payload["minor"].as_u64()?,
                    Currency::from_code(payload["currency"].as_str()?).ok()?,
                )
                .ok()?,
            },
            "admit" => Self::Admit(Admission {
                merchant: NewMerchant {
                    code: text("code")?,
                    name_zh: text("name_zh")?,
                    name_en: text("name_en")?,
                    category: text("category")?,
                },
                login: text("login")?,
                password_hash: text("password_hash")?,
            }),
            "close" => Self::Close(payload["merchant"].as_str()?.parse().ok()?),
            "switch_on" => Self::SwitchOn {
                rule: u128::from_str_radix(payload["rule"].as_str()?, 16).ok()?,
                version: u32::try_from(payload["version"].as_u64()?).ok()?,
            },
            "refund_card" => Self::RefundCard(issuing::read_number(payload["card"].as_str()?)?),
            _ => return None,
        })
    }
}

fn corrected(kind: &str, id: &str) -> Option<Corrected> {
    Some(match kind {
        "holder" => Corrected::Holder(id.parse().ok()?),
        "merchant" => Corrected::Merchant(id.parse().ok()?),
        "bank" => Corrected::Bank(id.parse().ok()?),
        _ => return None,
    })
}

/// The operation that a correction is.
#[must_use]
pub fn operation_of(approval: ApprovalId) -> OperationId {
    OperationId::new(derive("sycee operation of an approval v1", &[&approval.to_bytes()]))
}

/// Asks for something that another person has to approve.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn ask(
    operations: &Operations,
    maker: PrincipalId,
    action: Action,
    reason: &str,
) -> Result<ApprovalId, OperationError> {
    duties::require(operations, maker, Permission::Ask).await?;
    memo::check_name("reason", reason, 140)?;
    check(operations, &action).await?;
    let now = operations.now();
    let approval = Approval {
        id: ApprovalId::new(operations.fresh_bits()),
        action: action.code().to_owned(),
        payload: action.payload(),
        state: ApprovalState::Waiting,
        maker,
        maker_reason: reason.to_owned(),
        checker: None,
        checker_reason: String::new(),
        created_at: now,
        expires_at: now.checked_add_seconds(LIFE_SECONDS).unwrap_or(ledger::Timestamp::LAST),
        decided_at: None,
    };
    let id = approval.id;
    let waits = operations.records().write(move |sql| insert(sql, &approval)).await?;
    if let Some(waits) = waits {
        return Ok(waits);
    }
    let details = details(&action, reason);
    audit_log::note(operations, maker, "approval.asked", &id.to_string(), &details).await?;
    Ok(id)
}

/// Writes an approval down. Where the refund of the same card waits already, that is the answer.
fn insert(sql: &mut dyn Sql, approval: &Approval) -> Result<Option<ApprovalId>, RecordsError> {
    let waits = match Action::of(approval) {
        Some(Action::RefundCard(card)) => refund_that_waits(sql, card)?,
        _ => None,
    };
    if waits.is_none() {
        rows::insert(sql, approval)?;
    }
    Ok(waits)
}

fn refund_that_waits(sql: &mut dyn Sql, card: Asn) -> Result<Option<ApprovalId>, RecordsError> {
    let waiting = rows::waiting(sql)?;
    let found = waiting.iter().find(|approval| Action::of(approval) == Some(Action::RefundCard(card)));
    Ok(found.map(|approval| approval.id))
}

/// The approval that the refund of this card waits for.
///
/// # Errors
/// What could not be reached.
pub async fn of_card(operations: &Operations, card: Asn) -> Result<Option<ApprovalId>, OperationError> {
    Ok(operations.records().read(move |sql| refund_that_waits(sql, card)).await?)
}

/// Whether the action makes sense now.
async fn check(operations: &Operations, action: &Action) -> Result<(), OperationError> {
    match action {
        Action::Correct { party, amount, .. } => {
            operations.policy().check_amount(*amount)?;
            match party {
                Corrected::Holder(id) => {
                    let holder = directory::holder(operations, *id).await?;
                    let holder = holder.ok_or(OperationError::NotFound(Party::Holder))?;
                    holder.may_receive(amount.currency(), Party::Holder)
                }
                Corrected::Merchant(id) => merchants::get(operations, *id).await.map(drop),
                Corrected::Bank(id) => {
                    let banks = merchants::list_banks(operations).await?;
                    let known = banks.iter().any(|bank| bank.id == *id);
                    if known { Ok(()) } else { Err(OperationError::NotFound(Party::Bank)) }
                }
            }
        }
        Action::Admit(admission) => {
            admission.merchant.check()?;
            owner(admission).check()?;
            let (login, code) = (admission.login.clone(), admission.merchant.code.clone());
            let taken = operations.records().read(move |sql| {
                Ok((
                    principals::find_by_login(sql, &login)?.is_some(),
                    merchant_rows::find_by_code(sql, &code)?.is_some(),
                ))
            });
            match taken.await? {
                (true, _) => Err(OperationError::Taken { field: "login" }),
                (_, true) => Err(OperationError::Taken { field: "code" }),
                (false, false) => Ok(()),
            }
        }
        Action::Close(merchant) => merchants::get(operations, *merchant).await.map(drop),
        Action::SwitchOn { rule, version } => {
            let versions = risk_rules::versions(operations, *rule).await?;
            let is_newest = versions.first().is_some_and(|newest| newest.version == *version);
            if is_newest { Ok(()) } else { Err(OperationError::DecidedBefore) }
        }
        Action::RefundCard(card) => lost::check_refund(operations, *card).await,
    }
}

fn owner(admission: &Admission) -> NewStaff {
    NewStaff {
        login: admission.login.clone(),
        name: admission.merchant.name_zh.clone(),
        latin_name: Some(admission.merchant.name_en.clone()),
        language: Language::Chinese,
        password_hash: Some(admission.password_hash.clone()),
    }
}

/// What the audit log keeps of an action; no secrets.
fn details(action: &Action, reason: &str) -> Vec<(&'static str, String)> {
    let mut details = vec![("action", action.code().to_owned()), ("reason", reason.to_owned())];
    match action {
        Action::Correct { party, direction, amount } => {
            details.push(("party", format!("{} {}", party.code(), party.party())));
            let to = if *direction == Direction::ToParty { "to party" } else { "from party" };
            details.push(("amount", format!("{} {} {to}", amount.decimal(), amount.currency().code())));
        }
        Action::Admit(admission) => details.push(("merchant", admission.merchant.code.clone())),
        Action::Close(merchant) => details.push(("merchant", merchant.to_string())),
        Action::SwitchOn { rule, version } => {
            details.push(("rule", risk_rules::subject(*rule)));
            details.push(("version", version.to_string()));
        }
        Action::RefundCard(card) => details.push(("card", issuing::number_text(*card))),
    }
    details
}

/// The approval with this id.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, id: ApprovalId) -> Result<Approval, OperationError> {
    let found = operations.records().read(move |sql| rows::get(sql, id)).await?;
    found.ok_or(OperationError::NotFound(Party::Operation))
}

/// The newest approvals, newest first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, limit: u32) -> Result<Vec<Approval>, OperationError> {
    Ok(operations.records().read(move |sql| rows::newest(sql, limit)).await?)
}

/// Decides about what another person asked for, and carries it out where it is approved.
///
/// # Errors
/// [`OperationError::SamePerson`], [`OperationError::DecidedBefore`], [`OperationError::NotPermitted`], which other rule
/// the action breaks, or what could not be reached.
pub async fn decide(
    operations: &Operations,
    checker: PrincipalId,
    id: ApprovalId,
    approved: bool,
    reason: &str,
) -> Result<ApprovalState, OperationError> {
    let approval = get(operations, id).await?;
    let withdrawn = !approved && checker == approval.maker;
    if !withdrawn {
        duties::require(operations, checker, Permission::Approve).await?;
    }
    if approved && checker == approval.maker {
        return Err(OperationError::SamePerson);
    }
    memo::check_name("reason", reason, 140)?;
    let now = operations.now();
    if approval.state != ApprovalState::Waiting || now >= approval.expires_at {
        return Err(OperationError::DecidedBefore);
    }
    let action = Action::of(&approval).ok_or(OperationError::Inconsistent("approval of another program"))?;
    let ending = Ending {
        state: if approved { ApprovalState::Executed } else { ApprovalState::Rejected },
        checker: Some(checker),
        reason: reason.to_owned(),
        at: now,
    };
    let state = match (&action, approved) {
        (Action::Correct { .. }, true) => correct(operations, id, &action, ending).await?,
        (Action::Correct { amount, .. }, false) => give_up(operations, id, amount.currency(), ending).await?,
        (Action::RefundCard(card), true) => lost::refund(operations, *card, (id, ending)).await?,
        (_, true) => execute(operations, id, &action, ending).await?,
        (_, false) => end(operations, id, ending).await?,
    };
    let words = match state {
        ApprovalState::Executed => "approval.executed",
        ApprovalState::Failed => "approval.failed",
        _ => "approval.rejected",
    };
    audit_log::note(operations, checker, words, &id.to_string(), &details(&action, reason)).await?;
    Ok(state)
}

async fn end(
    operations: &Operations,
    id: ApprovalId,
    ending: Ending,
) -> Result<ApprovalState, OperationError> {
    let state = ending.state;
    let ended = operations.records().write(move |sql| {
        // What was not corrected may be asked for again.
        control::untie_correction(sql, id)?;
        rows::end(sql, id, &ending)
    });
    if ended.await? { Ok(state) } else { Err(OperationError::DecidedBefore) }
}

/// Carries out a correction, which the ledger does once.
async fn correct(
    operations: &Operations,
    id: ApprovalId,
    action: &Action,
    ending: Ending,
) -> Result<ApprovalState, OperationError> {
    let Action::Correct { party, direction, amount } = *action else {
        return Err(OperationError::Inconsistent("not a correction"));
    };
    let (operation, currency) = (operation_of(id), amount.currency());
    operations.ledger().open_accounts(vec![chart::suspense(currency)]).await?;
    let correction = Correction { operation, account: party.account(currency), direction, amount };
    let status = operations.ledger().create_transfer(adjustment::corrected(&correction)).await?;
    let (state, reason) = match verdict(status)? {
        Verdict::Created | Verdict::Existed => (ApprovalState::Executed, None),
        Verdict::Refused(reason) => (ApprovalState::Failed, Some(reason)),
        Verdict::Another => return Err(OperationError::Inconsistent("correction has another's id")),
    };
    let new = new_operation(operation, (party, direction), amount, ending.at);
    let outcome = if reason.is_none() { OperationState::Completed } else { OperationState::Declined };
    let code = reason.map(Reason::code);
    let ending = Ending { state, ..ending };
    let ended = operations.records().write(move |sql| {
        operations::insert_in_state(sql, &new, outcome, code)?;
        rows::end(sql, id, &ending)
    });
    // Whoever writes it down has decided, also where that is not who was first at the ledger: they may have died.
    if ended.await? { Ok(state) } else { Err(OperationError::DecidedBefore) }
}

/// The record of a correction.
pub(crate) fn new_operation(
    id: OperationId,
    (party, direction): (Corrected, Direction),
    amount: Amount,
    created_at: ledger::Timestamp,
) -> NewOperation {
    let (payer, payee) = match direction {
        Direction::ToParty => (None, Some(party.party())),
        Direction::FromParty => (Some(party.party()), None),
    };
    let merchant = match party {
        Corrected::Merchant(id) => Some(id),
        Corrected::Holder(_) | Corrected::Bank(_) => None,
    };
    NewOperation {
        id,
        kind: OperationKind::Adjustment,
        payer,
        payee,
        merchant,
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: id.bits(),
        created_at,
    }
}

/// Rejects a correction: from now on the ledger refuses it, unless it was first.
async fn give_up(
    operations: &Operations,
    id: ApprovalId,
    currency: Currency,
    ending: Ending,
) -> Result<ApprovalState, OperationError> {
    operations.ledger().open_accounts(vec![chart::refund_control(currency)]).await?;
    let given_up = postings::given_up(operation_of(id), currency);
    match operations.ledger().create_transfer(given_up).await? {
        Status::DebitAccountNotFound | Status::IdAlreadyFailed => end(operations, id, ending).await,
        _ => Err(OperationError::DecidedBefore),
    }
}

/// Carries out what only describes, in the transaction that ends the approval.
async fn execute(
    operations: &Operations,
    id: ApprovalId,
    action: &Action,
    ending: Ending,
) -> Result<ApprovalState, OperationError> {
    let merchant = match action {
        Action::Admit(admission) => Some(merchants::prepare(operations, admission.merchant.clone()).await?),
        _ => None,
    };
    let owner_id = PrincipalId::new(operations.fresh_bits());
    let (state, job) = (ending.state, action.clone());
    let done = operations.records().write(move |sql| {
        if !rows::end(sql, id, &ending)? {
            return Ok(false);
        }
        describe(sql, &job, merchant.as_ref(), owner_id, &ending)?;
        Ok(true)
    });
    let done = done.await.map_err(merchants::taken)?;
    match action {
        Action::Close(merchant) => operations.forget_merchant(*merchant),
        Action::SwitchOn { .. } => risk_desk::reload(operations).await?,
        Action::Admit(_) | Action::Correct { .. } | Action::RefundCard(_) => {}
    }
    if done { Ok(state) } else { Err(OperationError::DecidedBefore) }
}

fn describe(
    sql: &mut dyn Sql,
    action: &Action,
    merchant: Option<&Merchant>,
    owner_id: PrincipalId,
    ending: &Ending,
) -> Result<(), RecordsError> {
    match action {
        Action::Correct { .. } | Action::RefundCard(_) => Ok(()),
        Action::Close(id) => merchant_rows::set_status(sql, *id, MerchantStatus::Closed, ending.at).map(drop),
        Action::SwitchOn { rule, .. } => {
            let author = ending.checker.unwrap_or(owner_id);
            risk_rules::change_state(sql, *rule, (RuleState::On, author), ending.at).map(drop)
        }
        Action::Admit(admission) => {
            let Some(merchant) = merchant else { return Ok(()) };
            let owner = owner(admission)
                .principal(owner_id, Employer::Merchant(merchant.id), ending.at)
                .map_err(|error| RecordsError::Unreadable(error.to_string()))?;
            merchant_rows::insert(sql, merchant)?;
            principals::insert(sql, &owner)
        }
    }
}

/// Ends what nobody decided in time. Says how many.
///
/// # Errors
/// What could not be reached.
pub async fn expire(operations: &Operations) -> Result<u64, OperationError> {
    let now = operations.now();
    let waiting = operations.records().read(rows::waiting).await?;
    let mut expired = 0;
    for approval in waiting.into_iter().filter(|approval| approval.expires_at <= now) {
        let ending = Ending { state: ApprovalState::Expired, checker: None, reason: String::new(), at: now };
        let ended = match Action::of(&approval) {
            Some(Action::Correct { amount, .. }) => {
                give_up(operations, approval.id, amount.currency(), ending).await
            }
            _ => end(operations, approval.id, ending).await,
        };
        match ended {
            Ok(_) => expired += 1,
            Err(OperationError::DecidedBefore) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(expired)
}
