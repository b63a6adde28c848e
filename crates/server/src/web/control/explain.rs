//! Explain one transaction.

use std::collections::HashMap;

use axum::response::Response;
use ledger::{Timestamp, TransferFlags};
use operations::explain::{self, AccountOwner, Posting};
use operations::{OperationError, Party, history, merchants};
use pages::control::explain::{AccountName, Effect, Explanation, Fact};
use records::operations::{Operation, OperationKind, PartyId};
use records::risk::ReviewState;
use risk::Outcome;
use wallet::chart;
use wallet::ids::OperationId;

use super::name_of;
use super::risk::causes;
use crate::request::PathId;
use crate::web::describe;
use crate::web::stop::Stop;
use crate::web::transaction::viewer;
use crate::web::visit::{MemberVisit, OperatorVisit, Visit, page};

/// `GET /operator/explain/{id}`
pub(super) async fn show(
    PathId(id): PathId<OperationId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let view = view(&visit, id, true).await?;
    Ok(page(pages::control::explain::explain(&visit.frame(), &view)))
}

/// `GET /transactions/{id}/explain`: what a party of it may know.
pub(super) async fn show_own(
    PathId(id): PathId<OperationId>,
    MemberVisit { visit, .. }: MemberVisit,
) -> Result<Response, Stop> {
    let party = visit.member.as_ref().and_then(viewer);
    let operations = visit.app.operations();
    if let Some(party) = party {
        let own = history::get(operations, Some(party), id).await;
        own.map_err(|_| visit.stop_for(OperationError::NotFound(Party::Operation)))?;
    }
    let view = view(&visit, id, party.is_none()).await?;
    Ok(page(pages::control::explain::explain(&visit.frame(), &view)))
}

async fn view(visit: &Visit, id: OperationId, full: bool) -> Result<Explanation, Stop> {
    let found = visit.need(explain::explain(visit.app.operations(), id).await)?;
    let explain::Explanation { named, decision, postings, review, refunds, told, entries } = found;
    let operation = &named.operation;
    let names = Names::of(visit, &postings).await?;
    let mut facts: Vec<(Timestamp, Fact)> = vec![(operation.created_at, Fact::Recorded)];
    if let Some(decision) = decision.filter(|_| full) {
        let outcome = Outcome::from_code(&decision.outcome).unwrap_or(Outcome::Allow);
        facts.push((decision.at, Fact::Decided(outcome, causes(&decision.reasons))));
    }
    for posting in postings.iter().filter(|posting| full || !chart::is_memo(posting.transfer.ledger)) {
        facts.extend(posted(&names, operation, posting));
    }
    if matches!(operation.kind, OperationKind::TopUp | OperationKind::Withdrawal) {
        let card = operation.card.map(|card| card.to_string()).unwrap_or_default();
        facts.push((operation.created_at, Fact::BankAsked(card)));
    }
    if let Some(review) = review
        && let (Some(at), Some(by)) = (review.decided_at, review.decided_by)
    {
        let by = if full { name_of(visit, by).await? } else { "Sycee".to_owned() };
        facts.push((at, Fact::Reviewed(review.state == ReviewState::Released, by, review.reason)));
    }
    facts.push((operation.updated_at, Fact::Became(describe::state(operation.state))));
    for refund in refunds {
        let state = describe::state(refund.state);
        facts.push((refund.created_at, Fact::Refunded(refund.id, refund.amount, state)));
    }
    for one in told.iter().filter(|_| full) {
        let fact = Fact::Webhook(one.message.to_string(), one.state.code().to_owned(), one.attempts);
        facts.push((one.at, fact));
    }
    for entry in entries.iter().filter(|_| full) {
        let actor = match entry.actor.parse() {
            Ok(id) => name_of(visit, id).await?,
            Err(_) => entry.actor.clone(),
        };
        facts.push((entry.at, Fact::Audited(entry.index, entry.action.clone(), actor)));
    }
    facts.sort_by_key(|(at, _)| *at);
    Ok(Explanation {
        id,
        kind: describe::kind(operation.kind),
        state: describe::state(operation.state),
        payer: describe::party(visit.locale, named.payer.as_ref()),
        payee: describe::party(visit.locale, named.payee.as_ref()),
        amount: operation.amount,
        memo: operation.memo.clone(),
        reason: operation.reason.clone(),
        facts,
        full,
    })
}

/// The names of the owners of accounts.
struct Names(HashMap<PartyId, String>);

impl Names {
    async fn of(visit: &Visit, postings: &[Posting]) -> Result<Self, Stop> {
        let operations = visit.app.operations();
        let mut names = HashMap::new();
        for owner in postings.iter().flat_map(|posting| [posting.debit, posting.credit]) {
            let (party, name) = match owner {
                AccountOwner::Wallet(party) => (party, name_of(visit, party.holder().into()).await?),
                AccountOwner::Merchant(party) => {
                    let shop = visit.need(merchants::get(operations, party.merchant()).await)?;
                    let name = describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en));
                    (party, name.to_owned())
                }
                AccountOwner::Bank(party) => {
                    let banks = visit.need(merchants::list_banks(operations).await)?;
                    let bank = banks.into_iter().find(|bank| bank.id == party.bank());
                    let name = bank.map_or_else(String::new, |bank| {
                        describe::pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned()
                    });
                    (party, name)
                }
                _ => continue,
            };
            names.insert(party, name);
        }
        Ok(Self(names))
    }

    fn account(&self, owner: AccountOwner) -> AccountName {
        let name = |party: PartyId| self.0.get(&party).cloned().unwrap_or_else(|| party.to_string());
        match owner {
            AccountOwner::Wallet(party) => AccountName::Wallet(name(party)),
            AccountOwner::Merchant(party) => AccountName::Merchant(name(party)),
            AccountOwner::Bank(party) => AccountName::Bank(name(party)),
            AccountOwner::RefundCap => AccountName::RefundCap,
            AccountOwner::Control => AccountName::Control,
            AccountOwner::Escrow => AccountName::Escrow,
            AccountOwner::Voucher => AccountName::Voucher,
            AccountOwner::CardPurse => AccountName::CardPurse,
            AccountOwner::CardLoad => AccountName::CardLoad,
            AccountOwner::CardAdvances => AccountName::CardAdvances,
            AccountOwner::TransferPurses => AccountName::TransferPurses,
            AccountOwner::CardExcess => AccountName::CardExcess,
            AccountOwner::Suspense => AccountName::Suspense,
            AccountOwner::Other(id) => AccountName::Other(format!("{:032x}", id.0)),
        }
    }
}

fn posted(names: &Names, operation: &Operation, posting: &Posting) -> Option<(Timestamp, Fact)> {
    let transfer = &posting.transfer;
    let effect = if transfer.flags.contains(TransferFlags::PENDING) {
        Effect::Reserved
    } else if transfer.flags.contains(TransferFlags::POST_PENDING_TRANSFER) {
        Effect::Settled
    } else if transfer.flags.contains(TransferFlags::VOID_PENDING_TRANSFER) {
        Effect::Released
    } else {
        Effect::Posted
    };
    let currency = chart::currency_of(transfer.ledger).unwrap_or(operation.amount.currency());
    let minor = u64::try_from(transfer.amount.0).ok()?;
    let fact = Fact::Posted {
        effect,
        debit: names.account(posting.debit),
        credit: names.account(posting.credit),
        amount: money::Amount::from_minor(minor, currency).ok()?,
        id: format!("{:032x}", transfer.id.0),
        memo: chart::is_memo(transfer.ledger),
    };
    Some((transfer.timestamp, fact))
}
