//! People, shops and payments of the tests, told apart by a number.

use ledger::Timestamp;
use money::{Amount, Currency};
use records::merchants::{Merchant, MerchantStatus};
use records::operations::{NewOperation, OperationKind};
use records::principals::{Language, Principal, PrincipalStatus, Role, Theme};
use wallet::ids::{HolderId, MerchantId, OperationId, PrincipalId};

/// The second with that number since 2026-01-01 UTC.
pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp((1_767_225_600 + second) * 1_000_000_000)
}

pub(crate) fn yuan(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).expect("in range")
}

pub(crate) fn holder(number: u128) -> Principal {
    Principal {
        id: PrincipalId::new(number),
        role: Role::Holder,
        login: format!("holder{number}"),
        phone: Some(format!("1380000{number:04}")),
        name: "柳如烟".to_owned(),
        latin_name: Some("Liu Ruyan".to_owned()),
        language: Language::Chinese,
        theme: Theme::System,
        status: PrincipalStatus::Active,
        password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        merchant: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn merchant(number: u128) -> Merchant {
    Merchant {
        id: MerchantId::new(number),
        code: format!("shop{number}"),
        name_zh: "清流茶馆".to_owned(),
        name_en: "Clear Stream Tea House".to_owned(),
        category: "tea".to_owned(),
        status: MerchantStatus::Active,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Payment `number`, of one yuan, by holder 1 to merchant 1000, in second `number`.
pub(crate) fn payment(number: u64) -> NewOperation {
    NewOperation {
        id: OperationId::new(u128::from(number)),
        kind: OperationKind::Payment,
        payer: Some(HolderId::new(1).into()),
        payee: Some(MerchantId::new(1000).into()),
        merchant: Some(MerchantId::new(1000)),
        card: None,
        parent: None,
        amount: yuan(100),
        memo: String::new(),
        fingerprint: 7,
        created_at: at(number),
    }
}

/// Transfer `number`, of one yuan, between two holders, in second `number`.
pub(crate) fn transfer(number: u64, payer: u128, payee: u128) -> NewOperation {
    NewOperation {
        kind: OperationKind::Transfer,
        payer: Some(HolderId::new(payer).into()),
        payee: Some(HolderId::new(payee).into()),
        merchant: None,
        ..payment(number)
    }
}
