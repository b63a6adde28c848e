//! What the operator's people find on their first day: colleagues, a rule that is asked, a pattern that it holds back, and a
//! bank statement with a fee of 12.50 that nobody has booked.

use bank::Bank;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use operations::approvals::{self, Action};
use operations::business_days::BusinessDay;
use operations::duties::{self, OperatorRole};
use operations::risk_rules::{self, RuleText};
use operations::staff::NewStaff;
use operations::transfer::{self, TransferRequest};
use operations::{IdempotencyKey, OperationError, Operations, Origin, payees, reconciliation};
use records::principals::Language;
use risk::Outcome;
use wallet::ids::{BankId, HolderId};

use crate::founding::{OPERATOR_LOGIN, staff_id};

/// The user name of the colleague who looks after risk.
pub(super) const RISK_LOGIN: &str = "risk";
/// The user name of the colleague who only looks.
pub(super) const AUDITOR_LOGIN: &str = "auditor";

/// How many transfers the suspicious holder sends within minutes.
const TRANSFERS: u32 = 6;
/// How much each of them is, in minor units.
const EACH: u64 = 1_800;
/// What a holder needs to send all of them, in minor units.
pub(super) const TOGETHER: u64 = 6 * EACH;

fn colleague(login: &str, name: (&str, &str), password_hash: &str) -> NewStaff {
    NewStaff {
        login: login.to_owned(),
        name: name.0.to_owned(),
        latin_name: Some(name.1.to_owned()),
        language: Language::Chinese,
        password_hash: Some(password_hash.to_owned()),
    }
}

/// Hires the colleagues.
pub(super) async fn hire(operations: &Operations, password_hash: &str) -> Result<(), OperationError> {
    let founder = staff_id(OPERATOR_LOGIN);
    let colleagues = [
        (RISK_LOGIN, ("周敏", "Zhou Min"), OperatorRole::Risk),
        (AUDITOR_LOGIN, ("何静", "He Jing"), OperatorRole::Auditor),
    ];
    for (login, name, role) in colleagues {
        let new = (staff_id(login), colleague(login, name, password_hash));
        duties::hire_as(operations, founder, new, role).await?;
    }
    Ok(())
}

/// Switches on the rule against many transfers within minutes, as two people decided.
pub(super) async fn switch_on_rule(operations: &Operations) -> Result<(), OperationError> {
    let founder = staff_id(OPERATOR_LOGIN);
    let text = RuleText {
        name: "短时间多笔转账 Many transfers".to_owned(),
        outcome: Outcome::Hold,
        conditions: "kind transfer; count 4 in 600".to_owned(),
    };
    let rule = risk_rules::write(operations, founder, None, text).await?;
    let action = Action::SwitchOn { rule: rule.id, version: rule.version };
    let asked = approvals::ask(operations, founder, action, "试运行三十天，命中很少").await?;
    approvals::decide(operations, staff_id(RISK_LOGIN), asked, true, "测试结果已核对").await.map(drop)
}

/// Somebody sends one amount after the other to the same person; the rule holds the last of them back. `tick` moves the
/// clock on by half a minute.
pub(super) async fn suspicious_transfers(
    operations: &Operations,
    (payer, payee_login): (HolderId, &str),
    mut tick: impl FnMut(),
) -> Result<(), OperationError> {
    let amount = Amount::from_minor(EACH, Currency::CNY).unwrap_or(Amount::zero(Currency::CNY));
    for number in 0..TRANSFERS {
        tick();
        let payee = payees::find(operations, payer, payee_login).await?;
        let request = TransferRequest {
            payer,
            payee: payee.holder,
            name_check: payee.name_check,
            amount,
            memo: String::new(),
            origin: Origin::default(),
        };
        let key: Result<IdempotencyKey, _> = format!("suspicious-{number}").parse();
        let Ok(key) = key else { continue };
        transfer::start(operations, &key, request).await?;
    }
    Ok(())
}

/// Imports the bank's statement of the last 30 days, with a fee of 12.50 that the ledger does not have.
pub(super) async fn import_statement(
    operations: &Operations,
    (id, bank): (BankId, &Bank),
    now: Timestamp,
) -> Result<(), OperationError> {
    let today = BusinessDay::at(now);
    let month_ago = Timestamp(now.0.saturating_sub(30 * 86_400 * NANOSECONDS_PER_SECOND));
    let first = BusinessDay::at(month_ago);
    let mut statement = reconciliation::write_statement(bank, (first.number, today.number));
    let fee_day = BusinessDay::of(today.number.saturating_sub(1)).date;
    statement.push_str(&format!("FEE-{fee_day},{fee_day},CNY,12.50,out,monthly account fee\n"));
    let name = format!("{} – {}", first.date, today.date);
    reconciliation::import(operations, staff_id(OPERATOR_LOGIN), id, (&name, &statement)).await.map(drop)
}
