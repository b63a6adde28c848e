//! The hard cases by name.

use super::*;

#[test]
fn value_moves_from_purse_to_purse() {
    let (mut from, mut to) = pair();
    let details = transfer(&mut from, &mut to, 300).unwrap();
    assert_eq!((yuan(&from), yuan(&to)), (700, 800));
    let last =
        |purse: &mut Purse| Entry::from_bytes(ask(purse, 0x32, 0, &[]).unwrap().1[..].try_into().unwrap());
    assert_eq!(last(&mut from), Some(Entry { side: Side::From, details }));
    assert_eq!(last(&mut to), Some(Entry { side: Side::To, details }));
    transfer(&mut to, &mut from, 800).unwrap();
    assert_eq!((yuan(&from), yuan(&to)), (1_500, 0));
}

#[test]
fn more_than_the_balance_is_refused_and_all_of_it_is_not() {
    let (mut from, mut to) = pair();
    assert_eq!(transfer(&mut from, &mut to, 1_001), Err(0x9401));
    assert_eq!(transfer(&mut from, &mut to, u32::MAX), Err(0x9401));
    assert_eq!(transfer(&mut from, &mut to, 0), Err(0x6A80));
    assert!(transfer(&mut from, &mut to, 1_000).is_ok());
}

#[test]
fn payer_and_payee_are_two_purses() {
    let (mut from, _) = pair();
    let twin = install(contents(1, 0), Rules::KEPT);
    let details = pay_details(&from, &twin, 10);
    let own = shown(&mut from);
    assert_eq!(start(&mut from, Side::From, &own, &details).unwrap().0, 0x6A80);
    assert_eq!(start(&mut from, Side::To, &own, &details).unwrap().0, 0x6A80);
}

#[test]
fn a_replayed_req_val_or_ack_has_no_second_effect() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    let paid = req(&mut from, &asked).unwrap();
    assert_eq!(req(&mut from, &asked).unwrap(), paid);
    let received = val(&mut to, &paid).unwrap();
    assert_eq!(val(&mut to, &paid).unwrap(), received);
    ack(&mut from, &received).unwrap();
    ack(&mut from, &received).unwrap();
    assert_eq!((yuan(&from), yuan(&to)), (900, 600));
    assert_eq!(req(&mut from, &asked), Err(0x6985));
    transfer(&mut from, &mut to, 1).unwrap();
    assert_eq!(val(&mut to, &paid), Err(0x6985));
    assert_eq!(req(&mut from, &asked), Err(0x6985));
    assert_eq!(ack(&mut from, &received), Err(0x6985));
    assert_eq!((yuan(&from), yuan(&to)), (899, 601));
}

#[test]
fn a_start_that_was_used_is_refused_even_for_the_same_purses() {
    let (mut from, mut to) = pair();
    let details = transfer(&mut from, &mut to, 100).unwrap();
    assert_eq!(start_both(&mut from, &mut to, &details), Err(0x6985));
}

#[test]
fn a_message_in_the_other_direction_or_of_another_kind_is_refused() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    assert_eq!(req(&mut to, &asked), Err(0x6985));
    assert_eq!(val(&mut from, &asked), Err(0x6985));
    assert_eq!(val(&mut to, &asked), Err(0x6988));
    assert_eq!(ack(&mut from, &asked), Err(0x6988));
    let paid = req(&mut from, &asked).unwrap();
    assert_eq!(req(&mut from, &paid), Err(0x6988));
    assert_eq!(val(&mut from, &paid), Err(0x6985));
}

#[test]
fn each_byte_of_a_message_matters() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    let before = from.contents().clone();
    for place in 0..asked.len() {
        let mut changed = asked.clone();
        changed[place] ^= 1;
        assert!(req(&mut from, &changed).is_err());
    }
    assert_eq!(from.contents(), &before);
    assert_eq!(req(&mut from, &asked[1..]), Err(0x6700));
    assert!(req(&mut from, &asked).is_ok());
}

#[test]
fn other_pay_details_are_refused_between_the_same_purses() {
    let (mut from, mut to) = pair();
    let first = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &first).unwrap();
    let second = pay_details(&from, &to, 200);
    start_both(&mut from, &mut to, &second).unwrap();
    assert_eq!(req(&mut from, &asked), Err(0x6985));
}

#[test]
fn currencies_and_series_do_not_meet() {
    let (mut from, mut to) = pair();
    let yuan = pay_details(&from, &to, 100);
    let euro = PayDetails { currency: EURO.0, ..yuan };
    assert_eq!(start_both(&mut from, &mut to, &euro), Err(0x9401));
    let (payer, payee) = (shown(&mut from), shown(&mut to));
    assert_eq!(start(&mut from, Side::From, &payee, &yuan).unwrap().0, 0x9000);
    let asked = ok(start(&mut to, Side::To, &payer, &euro).unwrap()).unwrap();
    assert_eq!(req(&mut from, &asked), Err(0x6985));
    let unknown = PayDetails { currency: Currency([0x08, 0x40]), ..pay_details(&from, &to, 100) };
    assert_eq!(start_both(&mut from, &mut to, &unknown), Err(0x6A88));
    let other_series = PayDetails { series: Series([0, 2]), ..pay_details(&from, &to, 100) };
    assert_eq!(start_both(&mut from, &mut to, &other_series), Err(0x6A88));
    let unused = PayDetails { currency: Currency([0; 2]), series: Series([0; 2]), ..other_series };
    assert_eq!(start_both(&mut from, &mut to, &unused), Err(0x6A88));
}

#[test]
fn certificates_are_believed_on_their_days_and_no_day_goes_back() {
    let (mut from, mut to) = pair();
    let other = shown(&mut to);
    assert_eq!(show(&mut from, &other, Day(TODAY.0 + 30)).unwrap(), 0x9000);
    assert_eq!(show(&mut from, &other, Day(TODAY.0 + 31)).unwrap(), 0x6982);
    assert_eq!(show(&mut from, &other, Day(TODAY.0 - 10)).unwrap(), 0x9000);
    assert_eq!(show(&mut from, &other, Day(TODAY.0 - 11)).unwrap(), 0x6985);
    assert_eq!(synchronise(&mut from, Day(TODAY.0 + 31), PocketLimits::NONE), 0x9000);
    assert_eq!(show(&mut from, &other, TODAY).unwrap(), 0x6985);
    assert_eq!(synchronise(&mut from, TODAY, PocketLimits::NONE), 0x6985);
}

#[test]
fn a_chain_of_another_scheme_or_another_purse_is_refused() {
    let (mut from, to) = pair();
    let false_scheme = KeyPair::from_seed(&[66; 32]);
    assert_eq!(show(&mut from, &chain_by(&false_scheme, 2, 1), TODAY).unwrap(), 0x6982);
    let details = pay_details(&from, &to, 10);
    assert_eq!(start(&mut from, Side::From, &chain(3, 1), &details).unwrap().0, 0x6A80);
    assert_eq!(ask(&mut from, 0x22, 0, &details.to_bytes()).unwrap().0, 0x6985);
    show(&mut from, &chain(2, 1), TODAY).unwrap();
    assert_eq!(ask(&mut from, 0x22, 0, &details.to_bytes()).unwrap().0, 0x9000);
    assert_eq!(
        ask(&mut from, 0x22, 0, &details.to_bytes()).unwrap().0,
        0x6985,
        "a start uses its counterpart up"
    );
    assert_eq!(ask(&mut from, 0x20, 1, &chain(2, 1).subject.to_bytes()).unwrap().0, 0x6985);
}

#[test]
fn a_payee_takes_no_more_than_its_pocket_may_hold() {
    let (mut from, mut to) = pair();
    let limits = PocketLimits { balance_max: Amount::new(600), ..PocketLimits::NONE };
    assert_eq!(synchronise(&mut to, TODAY, limits), 0x9000);
    assert_eq!(transfer(&mut from, &mut to, 101), Err(0x6985));
    assert!(transfer(&mut from, &mut to, 100).is_ok());
    let mut full = purse(3, u32::MAX);
    assert_eq!(transfer(&mut from, &mut full, 1), Err(0x6985));
    assert_eq!(load(&mut full, 1), 0x6985);
}

#[test]
fn a_purse_at_the_end_of_its_sequence_stops_for_ever() {
    let mut from = install(contents(1, u32::MAX - 1), Rules::KEPT);
    let mut to = purse(2, 10);
    load(&mut from, 10);
    assert!(transfer(&mut from, &mut to, 1).is_ok());
    assert!(from.contents().is_at_its_end());
    for _ in 0..3 {
        assert_eq!(transfer(&mut from, &mut to, 1), Err(0x9402));
        assert_eq!(transfer(&mut to, &mut from, 1), Err(0x9402));
        from = power_cycle(from);
    }
}

#[test]
fn a_purse_that_was_personalised_again_takes_no_old_val() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    let paid = req(&mut from, &asked).unwrap();
    let goes_on = to.contents().next_sequence();
    let mut again = install(contents(2, goes_on.0), Rules::KEPT);
    assert_eq!(val(&mut again, &paid), Err(0x6985));
    let payer = shown(&mut from);
    assert_eq!(start(&mut again, Side::To, &payer, &details).unwrap().0, 0x6985);
}

#[test]
fn a_full_exception_log_refuses_new_transfers_and_loses_nothing() {
    let (mut from, mut to) = pair();
    let details: Vec<_> = (0..EXCEPTIONS_MAX).map(|_| break_off(&mut from, &mut to, true)).collect();
    let before = from.contents().clone();
    assert_eq!(transfer(&mut from, &mut to, 1), Err(0x6A84));
    assert_eq!(from.contents(), &before);
    let logged: Vec<_> = to.contents().exceptions().map(|entry| entry.details).collect();
    assert_eq!(logged, details);
    assert_eq!(accounted(&[from.contents(), to.contents()]), 1_500);
    assert_eq!((yuan(&from), lost(&[from.contents(), to.contents()])), (950, 50));
}

#[test]
fn a_start_that_would_fill_the_log_with_what_it_aborts_is_refused() {
    let (mut from, mut to) = pair();
    for _ in 1..EXCEPTIONS_MAX {
        break_off(&mut from, &mut to, true);
    }
    let details = pay_details(&from, &to, 10);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    let next = pay_details(&from, &to, 10);
    let payer = shown(&mut from);
    assert_eq!(start(&mut to, Side::To, &payer, &next).unwrap().0, 0x6A84);
    assert_eq!(to.contents().status(), Status::Epv, "what was under way still is");
    let paid = req(&mut from, &asked).unwrap();
    assert!(val(&mut to, &paid).is_ok());
}

#[test]
fn an_abort_is_logged_in_epv_and_epa_only() {
    let (mut from, mut to) = pair();
    break_off(&mut from, &mut to, false);
    assert_eq!((from.contents().exceptions().count(), to.contents().exceptions().count()), (0, 1));
    break_off(&mut from, &mut to, true);
    assert_eq!((from.contents().exceptions().count(), to.contents().exceptions().count()), (1, 2));
    transfer(&mut from, &mut to, 10).unwrap();
    assert_eq!((abort(&mut from), abort(&mut to)), (0x9000, 0x9000));
    assert_eq!((from.contents().exceptions().count(), to.contents().exceptions().count()), (1, 2));
}

#[test]
fn the_balance_says_what_is_under_way() {
    let (mut from, mut to) = pair();
    let status = |purse: &mut Purse| {
        let answer = ask(purse, 0x12, 0, &[]).unwrap().1;
        (u32::from_be_bytes(answer[4..8].try_into().unwrap()), answer[8])
    };
    assert_eq!((status(&mut from), status(&mut to)), ((1_000, 0), (500, 0)));
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    assert_eq!((status(&mut from), status(&mut to)), ((1_000, 2), (500, 3)));
    let paid = req(&mut from, &asked).unwrap();
    assert_eq!((status(&mut from), status(&mut to)), ((900, 4), (500, 3)));
    let received = val(&mut to, &paid).unwrap();
    assert_eq!((status(&mut from), status(&mut to)), ((900, 4), (600, 1)));
    ack(&mut from, &received).unwrap();
    assert_eq!((status(&mut from), status(&mut to)), ((900, 0), (600, 1)));
}

#[test]
fn a_locked_purse_pays_nobody_and_is_paid() {
    let (mut from, mut to) = pair();
    assert_eq!(ask(&mut from, 0x42, 0, &[]).unwrap().0, 0x9000);
    from = power_cycle(from);
    assert_eq!(transfer(&mut from, &mut to, 1), Err(0x6982));
    assert!(transfer(&mut to, &mut from, 1).is_ok());
    assert_eq!(ask(&mut from, 0x40, 0, &[0x12, 0x34, 0]).unwrap().0, 0x63C2);
    assert_eq!(ask(&mut from, 0x40, 0, PIN).unwrap().0, 0x9000);
    assert!(transfer(&mut from, &mut to, 1).is_ok());
}

#[test]
fn both_copies_rotten_make_the_purse_mute_and_never_rich() {
    let mut from = purse(1, 1_000);
    from.mirror().unwrap();
    let nvm = from.power_off();
    for at in [40, 60] {
        let mut one = nvm.clone();
        one.rot(at, 1);
        assert_eq!(yuan(&Purse::power_on(one.clone()).unwrap()), 1_000);
        one.rot(WORDS - 40, 1);
        assert_eq!(Purse::power_on(one).map(drop).map_err(|(error, _)| error), Err(journal::OpenError::Mute));
    }
}

#[test]
fn whatever_comes_is_answered_and_creates_nothing() {
    let mut from = purse(1, 1_000);
    for ins in 0..=255 {
        for length in [0, 1, 4, 48, 112, 148, 152, 255] {
            let data = std::vec![ins; length];
            let status = ask(&mut from, ins, ins & 7, &data).unwrap().0;
            assert!(status == 0x9000 || status > 0x6000, "{ins:02X} {status:04X}");
        }
    }
    assert_eq!(yuan(&from), 1_000);
    assert_eq!(send(&mut from, [0x80, 0x5C, 0, 2], &[]).unwrap().status().0, 0x6E00);
    assert_eq!(ask(&mut from, 0x10, 1, &[]).unwrap().0, 0x6A86);
    assert_eq!(ask(&mut from, 0x2E, 0, &[1]).unwrap().0, 0x6700);
    from.reset();
    assert_eq!(ask(&mut from, 0x10, 0, &[]).unwrap().0, 0x6985);
}

#[test]
fn a_transfer_is_resumed_by_the_same_purses_after_a_reset() {
    for cut in 0..3 {
        let (mut from, mut to) = pair();
        let details = pay_details(&from, &to, 100);
        let asked = start_both(&mut from, &mut to, &details).unwrap();
        if cut > 0 {
            let paid = req(&mut from, &asked).unwrap();
            if cut > 1 {
                val(&mut to, &paid).unwrap();
            }
        }
        let (mut from, mut to) = (power_cycle(from), power_cycle(to));
        resume(&mut from, &mut to);
        assert_eq!((yuan(&from), yuan(&to)), (900, 600));
        assert_eq!(from.contents().exceptions().count() + to.contents().exceptions().count(), 0);
        assert!(from.contents().status().is_idle() && to.contents().status().is_idle());
    }
}

#[test]
fn the_encodings_are_those_of_the_specification() {
    let details = PayDetails {
        from: purse_id(1),
        from_sequence: TransferSequence(0x0102_0304),
        to: purse_id(2),
        to_sequence: TransferSequence(0x0506_0708),
        amount: Amount::new(0x090A_0B0C),
        currency: Currency([0x01, 0x56]),
        series: Series([0x0D, 0x0E]),
    };
    let bytes = details.to_bytes();
    let fields = [&[1; 16][..], &[1, 2, 3, 4], &[2; 16], &[5, 6, 7, 8], &[9, 10, 11, 12], &[1, 0x56, 13, 14]];
    assert_eq!(bytes[..], fields.concat());
    assert_eq!(PayDetails::from_bytes(&bytes), Some(details));
    let entry = Entry { side: Side::To, details };
    assert_eq!(entry.to_bytes()[..], [&[1][..], &bytes].concat());
    let mut from = purse(1, 10);
    let mut to = purse(2, 0);
    let asked = pay_details(&from, &to, 10);
    let message = start_both(&mut from, &mut to, &asked).unwrap();
    let (signed, signature) = message.split_last_chunk::<64>().unwrap();
    assert_eq!(signed, asked.to_bytes());
    let key = shown(&mut to).subject.body().key;
    assert!(key.verify(pki::Context::new("sycee vtp req v1"), signed, signature).is_ok());
}

#[test]
fn both_purses_torn_and_both_claiming_find_one_owner() {
    let (from, to) = pair();
    for (is_paid, is_received) in [(false, false), (true, false), (true, true)] {
        let (mut from, mut to) = (from.clone(), to.clone());
        let details = pay_details(&from, &to, 100);
        let asked = start_both(&mut from, &mut to, &details).unwrap();
        if is_paid {
            let paid = req(&mut from, &asked).unwrap();
            if is_received {
                val(&mut to, &paid).unwrap();
            }
        }
        let (mut from, mut to) = (power_cycle(from), power_cycle(to));
        assert_eq!((abort(&mut from), abort(&mut to)), (0x9000, 0x9000));
        let given_back = lost(&[from.contents(), to.contents()]);
        assert_eq!(given_back, if is_paid && !is_received { 100 } else { 0 });
        assert_eq!(u64::from(yuan(&from) + yuan(&to)) + given_back, 1_500);
    }
}
