//! Load and unload at the till: value moves once, whatever breaks off, and the server hears of it.

use crate::desk::{Corner, empty, host::Fault, server};
use crate::shop::{Leaves, card};
use till::Mode;

/// The card is selected, begins, and is told: the third command moves its value.
const CREDIT: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ordered_goes_onto_the_card_and_back_to_the_wallet() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    assert!(corner.card("/card/load", "").await.contains("No load is ordered for this card."));
    host.order(1, 5_000);
    host.order(1, 300);
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("¥50.00") && page.contains("The server has confirmed it."), "{page}");
    assert!(page.contains("More loads wait for this card (1)"), "{page}");
    corner.card("/card/load", "").await;
    assert_eq!((corner.desk.held(), host.count().loaded, host.count().orders), (5_300, 5_300, 0));
    let page = corner.card("/card/unload", "&amount=3.00").await;
    assert!(page.contains("¥3.00") && page.contains("confirmed"), "{page}");
    assert_eq!((corner.desk.held(), host.count().unloaded), (5_000, 300));
    corner.card("/card/unload", "&amount=").await;
    assert_eq!((corner.desk.held(), host.count().unloaded), (0, 5_300));
    assert!(corner.card("/card/unload", "&amount=").await.contains("The card holds nothing."));
    let page = corner.card("/card/enquiry", "").await;
    for words in ["Load", "Unload", "¥50.00", "00002016122100001001"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_nothing_is_loaded_and_a_card_can_be_looked_at() {
    let host = server().await;
    let corner = Corner::offline(&host).await;
    corner.desk.put(card(1, 1_000));
    host.order(1, 5_000);
    assert!(corner.card("/card/load", "").await.contains("The server cannot be reached."));
    assert!(corner.card("/card/enquiry", "").await.contains("¥10.00"));
    assert_eq!((corner.desk.held(), host.in_doubt(1)), (1_000, 0));
}

/// The card credited itself and was pulled before its TAC arrived.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_pulled_after_it_was_loaded_proves_that_when_it_comes_back() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    corner.desk.tear(Leaves::After(CREDIT));
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("NOT KNOWN YET") && page.contains("Nothing is lost"), "{page}");
    assert_eq!((corner.desk.held(), host.count().loaded), (5_000, 0));
    // The process ends in between.
    let away = corner.desk.take();
    let corner = corner.restart(&host, Mode::Counter);
    corner.until(|status| status.is_online).await;
    corner.desk.put(away);
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("No load is ordered for this card."), "{page}");
    assert_eq!((corner.desk.held(), host.count().loaded, host.count().proofs), (5_000, 5_000, 1));
}

/// The card was pulled before it was told: the same order is loaded once.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_pulled_before_it_was_loaded_is_loaded_once() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    corner.desk.tear(Leaves::Before(CREDIT));
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("NOT KNOWN YET"), "{page}");
    let away = corner.desk.take();
    corner.desk.put(away);
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("confirmed"), "{page}");
    assert_eq!((corner.desk.held(), host.count().loaded), (5_000, 5_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_servers_answer_is_lost_the_same_order_is_loaded_once() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    host.issuer().fault = Some(Fault::Answer);
    assert!(corner.card("/card/load", "").await.contains("The server cannot be reached."));
    assert_eq!(corner.desk.held(), 0);
    host.issuer().fault = None;
    assert!(corner.card("/card/load", "").await.contains("confirmed"));
    assert_eq!((corner.desk.held(), host.count().loaded), (5_000, 5_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_did_not_arrive_is_brought_later_also_after_a_restart() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    host.issuer().fault = Some(Fault::Confirmation);
    let page = corner.card("/card/load", "").await;
    assert!(page.contains("The server will hear of it"), "{page}");
    assert_eq!((corner.desk.held(), host.count().loaded), (5_000, 0));
    let corner = corner.restart(&host, Mode::Counter);
    host.issuer().fault = None;
    for _ in 0..200 {
        if host.count().loaded == 5_000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((host.count().loaded, corner.desk.held()), (5_000, 5_000));
    // The card spends it, and the till keeps selling while the server is asked.
    assert!(corner.sell("3").await.1.contains("PAID"));
    corner.until(|status| status.waiting == 0).await;
    assert_eq!(host.count().paid, 300);
}

/// Two orders of one amount: the server has reserved it for the first, and the card is loaded under that one.
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_is_reserved_is_loaded_under_the_operation_that_reserved_it() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    corner.desk.tear(Leaves::Before(CREDIT));
    corner.card("/card/load", "").await;
    // Another order comes first.
    let other = host.order(1, 5_000);
    host.issuer().orders.rotate_left(1);
    assert_eq!(host.issuer().orders[0].1, other);
    let away = corner.desk.take();
    corner.desk.put(away);
    assert!(corner.card("/card/load", "").await.contains("confirmed"));
    assert_eq!((corner.desk.held(), host.count().loaded), (5_000, 5_000));
    assert_eq!(host.count().orders, 1);
}

/// Two operations of one sequence are in doubt: the card has to prove which it did.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_did_one_of_two_proves_which_before_it_begins_another() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    host.order(1, 5_000);
    corner.desk.tear(Leaves::Before(CREDIT));
    corner.card("/card/load", "").await;
    let away = corner.desk.take();
    // At another till, which knows nothing of the first, another amount is loaded, and the card is pulled.
    let second = Corner::open(&host, Mode::Counter).await;
    host.issuer().orders.clear();
    host.order(1, 700);
    second.desk.put(away);
    second.desk.tear(Leaves::After(CREDIT));
    second.card("/card/load", "").await;
    let away = second.desk.take();
    assert_eq!((crate::shop::balance(&away), host.in_doubt(1)), (700, 2));
    // Back at a third.
    let third = Corner::open(&host, Mode::Counter).await;
    host.issuer().orders.clear();
    host.order(1, 20);
    third.desk.put(away);
    let page = third.card("/card/load", "").await;
    assert!(page.contains("confirmed"), "{page}");
    assert_eq!((third.desk.held(), host.count().loaded, host.count().proofs), (720, 720, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unload_that_broke_off_is_paid_once() {
    let host = server().await;
    let corner = Corner::open(&host, Mode::Counter).await;
    corner.desk.put(empty(1));
    corner.load(&host, 1, 5_000).await;
    // The second time it is asked first what it did before.
    for (leaves, held) in [(Leaves::Before(CREDIT), 5_000), (Leaves::After(CREDIT + 1), 4_000)] {
        corner.desk.tear(leaves);
        let page = corner.card("/card/unload", "&amount=10").await;
        assert!(page.contains("NOT KNOWN YET"), "{page}");
        assert_eq!((corner.desk.held(), host.count().unloaded), (held, 0));
        let away = corner.desk.take();
        corner.desk.put(away);
    }
    corner.card("/card/unload", "&amount=1").await;
    assert_eq!((corner.desk.held(), host.count().unloaded), (3_900, 1_100));
}
