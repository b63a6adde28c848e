//! What is true of credit grades and of what they are counted from, on every store.

use records::Sql;
use records::card_grades::{self, CardGrade};
use records::conduct::{self, Conduct, SPANS};
use records::identity_checks::{self, CheckedIdentity, IdentityCheck};
use records::operations::{self, OperationState};
use records::orders::{self, Order, OrderSource, OrderState};
use records::principals::{self, Principal, Role};
use records::{disputes, merchants};
use wallet::ids::{HolderId, MerchantId, OrderId, PrincipalId};

use crate::card_facts::{asn, cards};
use crate::facts::done;
use crate::samples::{at, holder, merchant, payment, transfer, yuan};
use crate::stage::Stage;

pub(crate) async fn a_version_of_a_grade_is_kept_once_and_borne_once(stage: Stage) {
    cards(&stage, 2).await;
    let grade = |version: u16, level: u8| CardGrade {
        asn: asn(1),
        version,
        level,
        score: 47,
        due_max: yuan(5_000),
        expiry: [0x20, 0x26, 0x12, 0x31],
        changed_at: at(1),
        granted_at: at(2),
        borne_at: None,
    };
    for (version, level, is_new) in [(1, 1, true), (2, 0, true), (2, 5, false)] {
        let row = grade(version, level);
        assert_eq!(done(&stage, move |sql| card_grades::insert(sql, &row)).await, is_new);
    }
    for (version, second, is_news) in [(2, 7, true), (2, 8, false), (3, 9, false)] {
        let told = done(&stage, move |sql| card_grades::borne(sql, asn(1), version, at(second))).await;
        assert_eq!(told, is_news);
    }
    let read = |sql: &mut dyn Sql| Ok((card_grades::newest(sql, asn(1))?, card_grades::newest(sql, asn(2))?));
    let newest = stage.records.read(read).await.expect("reads");
    assert_eq!(newest, (Some(CardGrade { borne_at: Some(at(7)), ..grade(2, 0) }), None));
}

pub(crate) async fn what_was_checked_last_of_a_holder_counts(stage: Stage) {
    let check = |identity, second| IdentityCheck {
        holder: HolderId::new(5),
        identity,
        checked_by: PrincipalId::new(1),
        checked_at: at(second),
    };
    for row in [check(CheckedIdentity::Document, 3), check(CheckedIdentity::Phone, 4)] {
        done(&stage, move |sql| identity_checks::put(sql, &row)).await;
    }
    let read = |sql: &mut dyn Sql| {
        let other = identity_checks::get(sql, HolderId::new(6))?;
        Ok((identity_checks::get(sql, HolderId::new(5))?, other))
    };
    let known = stage.records.read(read).await.expect("reads");
    assert_eq!(known, (Some(check(CheckedIdentity::Phone, 4)), None));
}

/// An order that holder 1 paid, and its dispute, decided by somebody with that share.
fn decided(sql: &mut dyn Sql, number: u128, by: u128, share: u64) -> Result<(), records::RecordsError> {
    let order = Order {
        id: OrderId::new(number),
        merchant: MerchantId::new(1000),
        reference: String::new(),
        description: String::new(),
        note: String::new(),
        source: OrderSource::Link,
        escrow: true,
        amount: yuan(100),
        refunded: yuan(0),
        state: OrderState::Disputed,
        fingerprint: 0,
        return_url: String::new(),
        created_by: PrincipalId::new(1),
        payer: Some(HolderId::new(1)),
        payment: None,
        created_at: at(0),
        updated_at: at(0),
        paid_at: None,
        expires_at: at(9),
        hold_seconds: 0,
        release_at: None,
    };
    orders::insert(sql, &order, &[])?;
    disputes::open(sql, order.id, yuan(100), "nothing came", at(1))?;
    disputes::decide(sql, order.id, PrincipalId::new(by), yuan(share), at(2)).map(drop)
}

pub(crate) async fn conduct_is_counted_and_not_valued(stage: Stage) {
    const OPERATOR: u128 = 7;
    done(&stage, |sql| {
        merchants::insert(sql, &merchant(1000))?;
        principals::insert(sql, &holder(1))?;
        principals::insert(sql, &Principal { role: Role::Operator, ..holder(OPERATOR) })?;
        for new in [payment(150), payment(155), payment(310), transfer(90, 2, 1), transfer(320, 2, 3)] {
            operations::insert_in_state(sql, &new, OperationState::Completed, None)?;
        }
        operations::insert_in_state(sql, &payment(50), OperationState::Declined, None)?;
        // Lost; half of it came back; the holder gave in.
        decided(sql, 1, OPERATOR, 100)?;
        decided(sql, 2, OPERATOR, 50)?;
        decided(sql, 3, 1, 100)
    })
    .await;
    // Spans of a hundred seconds, the first from 100 on.
    let starts: [_; SPANS + 1] = core::array::from_fn(|span| at(100 + 100 * span as u64));
    let read = move |sql: &mut dyn Sql| {
        let nobody = conduct::of_holder(sql, HolderId::new(99), &starts)?;
        Ok((conduct::of_holder(sql, HolderId::new(1), &starts)?, nobody))
    };
    let told = stage.records.read(read).await.expect("reads");
    let expected = Conduct { payments: 3, lost_disputes: 1, first_operation: Some(at(90)), active_spans: 2 };
    assert_eq!(told, (expected, Conduct::default()));
}
