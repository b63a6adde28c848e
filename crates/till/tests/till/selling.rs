//! The till sells without the server, tells it everything once, and says what its journal says.

use std::sync::atomic::Ordering;

use crate::desk::{Corner, empty, gate, host::Fault, server};
use crate::shop::{Leaves, asn, card, issuer};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use till::Mode;

#[tokio::test(flavor = "multi_thread")]
async fn five_sales_without_a_network_are_kept_and_the_sixth_is_above_the_floor_limit() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    for number in 1..=5 {
        corner.desk.put(card(number, 10_000));
        let (_, page) = corner.sell(&format!("{number}.50")).await;
        assert!(page.contains("PAID"), "{page}");
        corner.desk.take();
    }
    assert_eq!(corner.site.status().waiting, 5);
    corner.desk.put(card(6, 10_000));
    let (_, page) = corner.sell("50.01").await;
    assert!(page.contains("Without a network no sale may be above ¥50.00."), "{page}");
    assert_eq!((corner.desk.held(), corner.site.status().waiting), (10_000, 5));
    let page = corner.page("/").await;
    assert!(page.contains("Network switched off") && page.contains("Records to upload: 5"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sold_goes_up_once_when_the_network_is_back_also_after_a_restart() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    corner.load(&host, 1, 5_000).await;
    corner.site.set_network(false);
    for amount in ["1.00", "2.00", "3.00"] {
        let (_, page) = corner.sell(amount).await;
        assert!(page.contains("PAID"), "{page}");
    }
    let (path, _) = corner.sell("4.00").await;
    // Reloaded, and after a restart, everything is there still.
    let corner = corner.restart(&host, Mode::Counter);
    corner.site.set_network(false);
    let page = corner.page(&path).await;
    assert!(page.contains("PAID") && page.contains("¥40.00"), "{page}");
    assert_eq!(corner.site.status().waiting, 4);
    assert!(host.issuer().batches.is_empty());
    host.issuer().fault = Some(Fault::Receipt);
    corner.site.set_network(true);
    corner.until(|status| status.error.is_some() && status.batch >= 1).await;
    host.issuer().fault = None;
    corner.until(|status| status.waiting == 0).await;
    {
        let issuer = host.issuer();
        assert_eq!((issuer.paid, issuer.cards[&asn(1)].debits().count()), (1_000, 4));
        let mut numbers: Vec<u32> = issuer.batches.iter().map(|(number, _)| *number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), issuer.batches.len(), "no number twice");
    }
    assert!(corner.page("/").await.contains("With the issuer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_not_known_whether_a_card_paid_nobody_is_told_that_nothing_was_taken() {
    const SELECT: u32 = 0;
    const DEBIT: u32 = 2;
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    corner.desk.tear(Leaves::After(DEBIT));
    let (path, page) = corner.sell("3.00").await;
    assert!(page.contains("NOT KNOWN YET") && corner.desk.held() == 700, "{page}");
    // Held again, and taken away before it says a word.
    let away = corner.desk.take();
    corner.desk.put(away);
    corner.desk.tear(Leaves::Before(SELECT));
    corner.form(&format!("{path}/again"), "").await;
    let page = corner.settled(&path).await;
    assert!(page.contains("NOT KNOWN YET") && !page.contains("Nothing was taken"), "{page}");
    let away = corner.desk.take();
    corner.desk.put(away);
    corner.form(&format!("{path}/again"), "").await;
    let page = corner.settled(&path).await;
    assert!(page.contains("PAID") && corner.desk.held() == 700, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_sells_once_and_with_another_amount_it_is_refused() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    let tap = corner.fresh("/", "/sales").await;
    let form = format!("tap={tap}&amount=3");
    let (first, second) = tokio::join!(corner.form("/sales", &form), corner.form("/sales", &form));
    assert_eq!(first, second);
    assert!(corner.settled(&first.1).await.contains("PAID"));
    let (status, path) = corner.form("/sales", &form).await;
    assert_eq!((status, &path), (StatusCode::SEE_OTHER, &first.1));
    assert!(corner.settled(&path).await.contains("PAID"));
    corner.form(&format!("{path}/again"), "").await;
    assert!(corner.page(&path).await.contains("PAID"), "what is done is not done again");
    assert_eq!((corner.desk.held(), corner.site.status().sold), (700, (1, 300)));
    let (status, _) = corner.form("/sales", &format!("tap={tap}&amount=4")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(corner.desk.held(), 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_taken_away_while_it_paid_pays_once_when_it_comes_back() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    corner.desk.tear(Leaves::After(2));
    let (path, page) = corner.sell("3").await;
    assert!(page.contains("NOT KNOWN YET") && page.contains("Hold the same card"), "{page}");
    let away = corner.desk.take();
    // The process ends in between.
    let corner = corner.restart(&host, Mode::Counter);
    corner.site.set_network(false);
    let page = corner.page(&path).await;
    assert!(page.contains("Hold the same card"), "{page}");
    corner.desk.put(away);
    corner.form(&format!("{path}/again"), "").await;
    let page = corner.settled(&path).await;
    assert!(page.contains("PAID") && page.contains("Nothing was taken twice"), "{page}");
    assert_eq!((corner.desk.held(), corner.site.status().sold), (700, (1, 300)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_comes_back_by_itself_is_seen_to_without_a_click() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    corner.desk.tear(Leaves::After(2));
    let (path, page) = corner.sell("3").await;
    assert!(page.contains("NOT KNOWN YET"), "{page}");
    let away = corner.desk.take();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    corner.desk.put(away);
    corner.until(|status| status.sold == (1, 300)).await;
    assert!(corner.page(&path).await.contains("PAID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_card_is_refused_from_the_next_list_on_and_an_old_list_stops_sales() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    host.put_list("status", 2, issuer::status_list(2, &[asn(1)]));
    corner.until(|status| status.lists[0] == 2).await;
    corner.desk.put(card(1, 1_000));
    let (_, page) = corner.sell("3").await;
    assert!(page.contains("on the status list") && page.contains("no goods"), "{page}");
    assert_eq!(corner.desk.held(), 1_000);
    corner.desk.take();
    corner.site.set_network(false);
    corner.clock.fetch_add(8 * 86_400, Ordering::Relaxed);
    corner.desk.put(card(2, 1_000));
    let (_, page) = corner.sell("3").await;
    assert!(page.contains("status list is missing or too old"), "{page}");
    assert_eq!(corner.desk.held(), 1_000);
    assert!(corner.page("/").await.contains("Bring the terminal to a network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_sale_is_given_back_once_to_its_card() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    corner.sell("3").await;
    let tap = corner.fresh("/", "/cancel").await;
    let form = format!("tap={tap}&record=0");
    let (_, path) = corner.form("/cancel", &form).await;
    assert!(corner.settled(&path).await.contains("GIVEN BACK"));
    let (_, again) = corner.form("/cancel", &form).await;
    assert_eq!((again, corner.desk.held()), (path, 1_000));
    // Another form for the same record shows the same.
    let tap = corner.fresh("/", "/sales").await;
    let (_, path) = corner.form("/cancel", &format!("tap={tap}&record=0")).await;
    assert!(corner.settled(&path).await.contains("GIVEN BACK"));
    assert_eq!(corner.desk.held(), 1_000);
    assert!(corner.page("/").await.contains("Cancelled"));
    let page = corner.page("/receipts/1").await;
    assert!(page.contains("Cancel receipt") && page.contains("receipt-80"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_z_report_says_what_the_journal_says_and_a_shift_is_closed_once() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 10_000));
    for amount in ["3.00", "4.00", "5.00"] {
        corner.sell(amount).await;
    }
    let tap = corner.fresh("/", "/cancel").await;
    let (_, path) = corner.form("/cancel", &format!("tap={tap}&record=2")).await;
    corner.settled(&path).await;
    corner.desk.tear(Leaves::Before(2));
    corner.sell("6.00").await;
    corner.desk.take();
    let shift = corner.site.status().shift;
    let open = corner.page("/report").await;
    for figure in ["¥12.00", "¥5.00", "+¥7.00", "¥6.00"] {
        assert!(open.contains(figure), "{figure}: {open}");
    }
    let form = format!("shift={shift}");
    let (first, second) =
        tokio::join!(corner.form("/report/close", &form), corner.form("/report/close", &form));
    assert_eq!(first, second);
    assert_eq!(corner.site.status().shift, shift + 1);
    let corner = corner.restart(&host, Mode::Counter);
    let closed = corner.page(&first.1).await;
    assert!(closed.contains(&format!("Z report, shift {shift}")), "{closed}");
    for figure in ["¥12.00", "¥5.00", "+¥7.00", "¥6.00"] {
        assert!(closed.contains(figure), "{figure}: {closed}");
    }
    assert_eq!(corner.site.status().sold, (0, 0));
    let next = corner.page("/report").await;
    assert!(next.contains("¥0.00") && !next.contains("¥12.00"), "{next}");
    assert_eq!(corner.page_in("/reports/77", "en").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basket_of_items_is_sold_and_stands_on_the_receipt_and_items_can_be_edited() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 10_000));
    let tap = corner.fresh("/", "/sales").await;
    let (_, path) = corner.form("/sales", &format!("tap={tap}&item_0=2&item_1=1&amount=")).await;
    assert!(corner.settled(&path).await.contains("¥19.00"));
    let receipt = corner.page("/receipts/0").await;
    assert!(receipt.contains("Beef noodles × 2") && receipt.contains("¥17.00"), "{receipt}");
    let items = "items=%E8%8C%B6+%7C+Tea+%7C+12.00";
    assert_eq!(corner.form("/items", items).await, (StatusCode::SEE_OTHER, "/".to_owned()));
    let (status, page) = corner.form("/items", "items=Tea+12").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Line 1 is not of this form"), "{page}");
    let corner = corner.restart(&host, Mode::Counter);
    let page = corner.page("/").await;
    assert!(page.contains(">Tea<") && !page.contains("Beef noodles"), "{page}");
    for wrong in ["amount=", "amount=abc", "amount=0", "amount=99999999999"] {
        let tap = corner.fresh("/", "/sales").await;
        let (status, page) = corner.form("/sales", &format!("tap={tap}&{wrong}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(page.contains("error-summary"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_lets_a_card_in_and_takes_the_fare_when_it_goes_out() {
    let host = server().await;
    let corner = Corner::open(&host, gate()).await;
    corner.site.set_network(false);
    corner.desk.put(card(1, 1_000));
    corner.form("/gate", "way=out").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(
        corner.desk.held(),
        1_000,
        "the card that lies there when the gate is turned is not let through"
    );
    let away = corner.desk.take();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    corner.desk.put(away);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(corner.page("/").await.contains("STOP"), "nobody goes out who is not in");
    let away = corner.desk.take();
    corner.form("/gate", "way=in").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    corner.desk.put(away);
    corner.until(|status| status.sold == (1, 0)).await;
    let away = corner.desk.take();
    corner.form("/gate", "way=out").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    corner.desk.put(away);
    corner.until(|status| status.sold == (2, 200)).await;
    let page = corner.page("/").await;
    assert!(page.contains("PASS") && page.contains("¥2.00"), "{page}");
    assert_eq!(corner.desk.held(), 800);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_and_names_that_others_can_own_are_refused() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    let post = |name: &str, origin: &str| {
        Request::post("/network")
            .header(header::HOST, name)
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("network=on"))
            .unwrap()
    };
    let own = "http://localhost:8181";
    assert_eq!(corner.raw(post("localhost:8181", "http://evil.example")).await, StatusCode::FORBIDDEN);
    assert_eq!(corner.raw(post("till.evil.example", own)).await, StatusCode::MISDIRECTED_REQUEST);
    assert!(!corner.site.status().is_network_allowed);
    assert_eq!(corner.raw(post("localhost:8181", own)).await, StatusCode::SEE_OTHER);
    assert!(corner.site.status().is_network_allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_held_by_one_till() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    let lock = terminal::disk::Directory::open(&corner.place.path().join("terminal"));
    assert!(lock.is_err());
    corner.site.close();
    assert!(terminal::disk::Directory::open(&corner.place.path().join("terminal")).is_ok());
}
