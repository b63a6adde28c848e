//! What is true of what holders set, keep and agree, in every store.

use money::Currency;
use records::annotations::{self, Annotation};
use records::bills::{self, Bill, BillKind, BillState};
use records::board::{self, Post, PostKind, PostState};
use records::holder_settings::{self, CardsView, HolderSettings};
use records::money_requests::{self, MoneyRequest, RequestState};
use records::month_sums::{self, MonthSum};
use records::notifications::{self, NewNotification, NoticeKind};
use records::operations::{self, Filter, OperationKind, OperationState};
use records::spending_limits::{self, Limits, SpendingLimits};
use records::{Sql, favourites, merchants, principals};
use wallet::ids::{BillId, HolderId, MerchantId, OperationId, PostId, PrincipalId, RequestId};

use crate::facts::done;
use crate::samples::{at, holder, merchant, payment, transfer, yuan};
use crate::stage::Stage;

/// Holders 1 and 2, merchant 1000.
async fn people(stage: &Stage) {
    done(stage, |sql| {
        principals::insert(sql, &holder(1))?;
        principals::insert(sql, &holder(2))?;
        merchants::insert(sql, &merchant(1000))
    })
    .await;
}

pub(crate) async fn month_sums_count_each_side_and_kind_in_its_span(stage: Stage) {
    let sums = done(&stage, |sql| {
        for (number, new) in [(1, payment(1)), (2, payment(2)), (3, transfer(3, 2, 1)), (20, payment(20))] {
            assert_eq!(new.id, OperationId::new(number));
            operations::insert_in_state(sql, &new, OperationState::Completed, None)?;
        }
        operations::insert_in_state(sql, &payment(4), OperationState::Declined, None)?;
        month_sums::sums(sql, HolderId::new(1), Currency::CNY, &[at(0), at(10), at(30)])
    })
    .await;
    let sum = |span, kind, out, count, minor| MonthSum { span, kind, out, count, sum: yuan(minor) };
    assert_eq!(
        sums,
        [
            sum(0, OperationKind::Transfer, false, 1, 100),
            sum(0, OperationKind::Payment, true, 2, 200),
            sum(1, OperationKind::Payment, true, 1, 100),
        ]
    );
}

pub(crate) async fn a_holder_finds_operations_by_note_tag_and_name(stage: Stage) {
    people(&stage).await;
    let found = done(&stage, |sql| {
        for new in [payment(1), payment(2), transfer(3, 2, 1)] {
            operations::insert_in_state(sql, &new, OperationState::Completed, None)?;
        }
        let me = HolderId::new(1);
        let words =
            Annotation { note: "Early Tea".to_owned(), tags: vec!["food".to_owned(), "work".to_owned()] };
        annotations::put(sql, (me, OperationId::new(2)), &words, at(5))?;
        let mut find = |filter: Filter| {
            let filter = Filter { party: Some(me.into()), ..filter };
            let page = operations::history(sql, &filter, None, 100)?;
            Ok(page.operations.iter().map(|row| row.id.bits()).collect::<Vec<_>>())
        };
        let search = |text: &str| Filter { search: Some((me, text.to_owned())), ..Filter::default() };
        let tag = |text: &str| Filter { tag: Some((me, text.to_owned())), ..Filter::default() };
        Ok([find(search("early"))?, find(search("tea house"))?, find(tag("work"))?, find(tag("wor"))?])
    })
    .await;
    assert_eq!(found, [vec![2], vec![2, 1], vec![2], vec![]]);
}

pub(crate) async fn what_a_holder_sets_is_kept_in_place_of_what_was_set_before(stage: Stage) {
    people(&stage).await;
    done(&stage, |sql: &mut dyn Sql| {
        let me = HolderId::new(1);
        assert_eq!(holder_settings::get(sql, me)?, HolderSettings::default());
        let wanted = HolderSettings {
            cards_view: CardsView::Icons,
            default_card: None,
            low_balance: Some(500),
            muted: vec!["bill_due".to_owned(), "board_answer".to_owned()],
            stopped_at: Some(at(7)),
        };
        for settings in [HolderSettings::default(), wanted.clone()] {
            holder_settings::put(sql, me, &settings, at(8))?;
        }
        assert_eq!(holder_settings::get(sql, me)?, wanted);
        let limits = |single, daily, raised| SpendingLimits {
            currency: Currency::CNY,
            now: Limits { single, daily },
            raised,
        };
        let raised = (Limits { single: None, daily: Some(yuan(9)) }, at(99));
        let first = limits(None, Some(yuan(5)), None);
        let second = limits(Some(yuan(3)), None, Some(raised));
        assert!(spending_limits::replace(sql, me, None, &first, at(8))?);
        assert!(!spending_limits::replace(sql, me, None, &second, at(9))?, "others stand there by now");
        assert_eq!(spending_limits::list(sql, me)?, [first]);
        assert!(spending_limits::replace(sql, me, Some(&first), &second, at(9))?);
        assert_eq!(spending_limits::list(sql, me)?, [second]);
        favourites::add(sql, me, MerchantId::new(1000), at(1))?;
        favourites::add(sql, me, MerchantId::new(1000), at(2))?;
        assert_eq!(favourites::list(sql, me)?, [MerchantId::new(1000)]);
        favourites::remove(sql, me, MerchantId::new(1000))?;
        assert_eq!(favourites::list(sql, me)?, []);
        Ok(())
    })
    .await;
}

pub(crate) async fn a_fact_is_told_once_and_read_once(stage: Stage) {
    done(&stage, |sql: &mut dyn Sql| {
        let told = NewNotification {
            principal: PrincipalId::new(1),
            kind: NoticeKind::MoneyReceived,
            subject: 5,
            actor: Some(HolderId::new(2).into()),
            amount: Some(yuan(100)),
            created_at: at(1),
        };
        for _ in 0..2 {
            notifications::insert(sql, &told)?;
        }
        let other = NewNotification { kind: NoticeKind::Security, actor: None, amount: None, ..told };
        notifications::insert(sql, &other)?;
        assert_eq!(notifications::count_unread(sql, PrincipalId::new(1))?, 2);
        let list = notifications::list(sql, PrincipalId::new(1))?;
        assert_eq!(
            list.iter().map(|it| it.kind).collect::<Vec<_>>(),
            [NoticeKind::Security, NoticeKind::MoneyReceived]
        );
        assert_eq!(list.iter().map(|it| it.amount).collect::<Vec<_>>(), [None, Some(yuan(100))]);
        notifications::mark_read(sql, PrincipalId::new(1), list[1].seq, at(2))?;
        assert_eq!(notifications::count_unread(sql, PrincipalId::new(1))?, 1);
        Ok(())
    })
    .await;
}

pub(crate) async fn requests_bills_and_posts_turn_once(stage: Stage) {
    people(&stage).await;
    done(&stage, |sql: &mut dyn Sql| {
        let (me, you) = (HolderId::new(1), HolderId::new(2));
        let request = MoneyRequest {
            id: RequestId::new(1),
            payee: me,
            payer: you,
            split: None,
            amount: yuan(5),
            memo: "tea".to_owned(),
            state: RequestState::Open,
            operation: None,
            created_at: at(1),
            expires_at: at(9),
        };
        money_requests::insert(sql, &request)?;
        assert_eq!(money_requests::open_for(sql, you, at(8))?, std::slice::from_ref(&request));
        assert_eq!(money_requests::open_for(sql, you, at(9))?, []);
        assert!(money_requests::end(sql, request.id, RequestState::Declined, None, at(2))?);
        assert!(!money_requests::end(sql, request.id, RequestState::Withdrawn, None, at(3))?);
        let bill = Bill {
            id: BillId::new(1),
            merchant: MerchantId::new(1000),
            holder: me,
            kind: BillKind::Water,
            account_number: "7".to_owned(),
            period: "2026-01".to_owned(),
            amount: yuan(5),
            due_day: 20_000,
            state: BillState::Due,
            operation: None,
            created_at: at(1),
        };
        assert!(bills::insert(sql, &bill)?);
        assert!(!bills::insert(sql, &Bill { id: BillId::new(2), ..bill.clone() })?);
        bills::note_paid(sql, bill.id, OperationId::new(4), at(2))?;
        assert_eq!(bills::list(sql, me)?[0].operation, Some(OperationId::new(4)));
        let post = Post {
            id: PostId::new(1),
            author: me,
            kind: PostKind::Offer,
            title: "tea".to_owned(),
            words: String::new(),
            amount: yuan(5),
            state: PostState::Open,
            partner: None,
            operation: None,
            created_at: at(1),
        };
        board::insert(sql, &post)?;
        let agree = (PostState::Open, PostState::Agreed);
        assert!(board::turn(sql, post.id, agree, Some(you), at(2))?);
        assert!(!board::turn(sql, post.id, agree, Some(you), at(3))?);
        assert_eq!(board::of_holder(sql, you)?[0].sides(), Some((you, me)));
        assert_eq!(board::open(sql)?, []);
        Ok(())
    })
    .await;
}
