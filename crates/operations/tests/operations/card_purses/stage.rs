//! An installation with an open key, cards in holders' hands, and terminals.

use std::sync::Arc;

use messages::card::{
    Asn, TerminalId,
    batch::{HEADER_BYTES, SignedHeader},
    receipt::{BatchReceipt, RecordVerdict},
};
use operations::card_purses::issuing::{self, BatchRequest};
use operations::card_purses::loads::{self, Answer, BeginLoad, LoadOrder, OrderLoad};
use operations::card_purses::terminals::{self, NewTerminal};
use operations::card_purses::{CardPurseRefusal, Direction, binding, clearing, equation, keys, view};
use operations::duties::{self, OperatorRole};
use operations::key_ceremony::{self, Opening, Purpose};
use operations::{OperationError, Operations, Origin};
use pki::KeyPair;
use wallet::ids::{LoadOrderId, OperationId, PrincipalId};

use super::plastic::{DESK, Plastic};
use super::till::Till;
use crate::world::{CNY, World, cny, key, now, person};

pub(crate) const FOUNDER: PrincipalId = PrincipalId::new(0x0901);
/// Who approves what [`FOUNDER`] asks for.
pub(crate) const SECOND: PrincipalId = PrincipalId::new(0x0902);
/// The terminal that loads are made at.
pub(crate) const AT: TerminalId = TerminalId(DESK);

pub(crate) struct Stage {
    pub(crate) world: World,
    /// Cards of Alice.
    pub(crate) cards: Vec<Plastic>,
    pub(crate) tills: Vec<Till>,
}

pub(crate) fn refused<T>(refusal: CardPurseRefusal) -> Result<T, OperationError> {
    Err(OperationError::CardPurse(refusal))
}

/// So many cards of Alice, and so many terminals of the shop.
pub(crate) fn stage(cards: u32, tills: u8) -> Stage {
    let world = World::new();
    now(duties::hire_founder(&world.operations, FOUNDER, person("founder"))).unwrap();
    now(duties::hire_founder(&world.operations, SECOND, person("second-founder"))).unwrap();
    let mut stage = Stage { world, cards: Vec::new(), tills: Vec::new() };
    stage.open_key();
    stage.register(AT, KeyPair::from_seed(&[99; 32]));
    for number in 1..=tills {
        let (id, key) = (TerminalId([0x36, 4, 0x86, 0x60, 0, number]), KeyPair::from_seed(&[number; 32]));
        stage.register(id, key.clone());
        let file = now(issuing::security_module(stage.operations(), FOUNDER, id)).unwrap();
        stage.tills.push(Till::made_from(id, key, &file));
    }
    if cards > 0 {
        stage.issue("first", cards);
    }
    stage
}

impl Stage {
    pub(crate) fn operations(&self) -> &Operations {
        &self.world.operations
    }

    fn open_key(&self) {
        let operations = self.operations();
        let hire = |login, role| now(duties::hire(operations, FOUNDER, person(login), role)).unwrap();
        let custodians = [FOUNDER, hire("risk", OperatorRole::Risk), hire("auditor", OperatorRole::Auditor)];
        let id = now(key_ceremony::begin(operations, FOUNDER, Purpose::CardPurses, &custodians)).unwrap();
        let shares = custodians.map(|who| now(key_ceremony::own_share(operations, who, id)).unwrap());
        for (who, share) in custodians.iter().zip(&shares) {
            now(key_ceremony::keep_share(operations, *who, id, share)).unwrap();
        }
        for (who, share) in custodians.iter().zip(&shares).take(2) {
            now(key_ceremony::bring_share(operations, *who, id, share)).map(|_: Opening| ()).unwrap();
        }
    }

    fn register(&self, id: TerminalId, key: KeyPair) {
        let new = NewTerminal {
            id,
            merchant: self.world.shop,
            label: "by the door".to_owned(),
            public_key: key.public().to_bytes(),
        };
        now(terminals::register(self.operations(), FOUNDER, new)).unwrap();
    }

    /// A batch of cards, each bound by Alice with the code of its letter.
    pub(crate) fn issue(&mut self, name: &str, count: u32) {
        let request = BatchRequest { count, currency: CNY, label: "spring".to_owned(), valid_years: 5 };
        let batch = now(issuing::order_batch(self.operations(), FOUNDER, &key(name), request)).unwrap();
        let (_, cards) = now(issuing::batch(self.operations(), batch.id)).unwrap();
        for card in cards {
            let file = now(issuing::personalisation(self.operations(), FOUNDER, card.asn)).unwrap();
            let code = card.activation_code.unwrap();
            now(binding::bind(self.operations(), self.world.alice, card.asn, &code)).unwrap();
            self.cards.push(Plastic::made_from(&file));
        }
    }

    /// A new process over what survived.
    pub(crate) fn restart(&mut self, records: Arc<records::simulated::SimulatedRecords>) {
        self.world.restart(records);
    }

    pub(crate) fn order(&self, name: &str, card: usize, minor: u64) -> LoadOrder {
        let asn = self.cards[card].asn;
        self.try_order(name, asn, minor).unwrap()
    }

    pub(crate) fn try_order(&self, name: &str, card: Asn, minor: u64) -> Result<LoadOrder, OperationError> {
        let (holder, origin) = (self.world.alice, Origin::default());
        let request = OrderLoad { holder, card, amount: cny(minor), origin };
        now(loads::order(self.operations(), &key(name), request))
    }

    pub(crate) fn begin(&self, request: BeginLoad) -> Result<Answer, OperationError> {
        now(loads::begin(self.operations(), AT, request))
    }

    pub(crate) fn confirm(&self, operation: OperationId, code: [u8; 4]) -> Result<(), OperationError> {
        now(loads::confirm(self.operations(), AT, operation, code))
    }

    /// A load from its order to the TAC.
    pub(crate) fn load(&mut self, name: &str, card: usize, minor: u64) -> OperationId {
        let order = self.order(name, card, minor).id;
        let amount = u32::try_from(minor).unwrap();
        let (operation, code) = self.deliver(card, Direction::Load, amount, Some(order));
        self.confirm(operation, code.unwrap()).unwrap();
        operation
    }

    /// A card asks and gets MAC2: the operation, and the card's code.
    pub(crate) fn deliver(
        &mut self,
        card: usize,
        direction: Direction,
        amount: u32,
        order: Option<LoadOrderId>,
    ) -> (OperationId, Option<[u8; 4]>) {
        let request = self.cards[card].initialise(direction, amount, order);
        let answer = self.begin(request).unwrap();
        (answer.operation, self.cards[card].deliver(direction, &answer))
    }

    pub(crate) fn upload(&self, till: usize, number: u32) -> Result<Vec<RecordVerdict>, OperationError> {
        let batch = self.tills[till].batch(number);
        self.upload_bytes(till, &batch)
    }

    pub(crate) fn upload_bytes(
        &self,
        till: usize,
        batch: &[u8],
    ) -> Result<Vec<RecordVerdict>, OperationError> {
        let receipt = now(clearing::upload(self.operations(), self.tills[till].id, batch))?;
        let header = SignedHeader::parse(batch.first_chunk::<HEADER_BYTES>().unwrap()).unwrap();
        let issuer = now(keys::public_key(self.operations())).unwrap();
        Ok(BatchReceipt::parse(&receipt, &header, &issuer).unwrap().verdicts().collect())
    }

    pub(crate) fn view(&self, card: usize) -> view::CardPurse {
        now(view::get(self.operations(), self.cards[card].asn)).unwrap()
    }

    /// Cards' balances, as the plastic says.
    pub(crate) fn on_cards(&self) -> i128 {
        self.cards.iter().map(|card| i128::from(card.balance())).sum()
    }

    /// All money adds up, and the ledger holds for cards what the issuer knows of them.
    pub(crate) fn check(&self) {
        self.world.check_equation();
        for figures in now(equation::figures(self.operations())).unwrap() {
            assert_eq!(figures.difference(), 0, "{figures:?}");
        }
    }

    /// As [`Stage::check`], and nothing is on its way: what the ledger holds for cards is on them.
    pub(crate) fn check_settled(&self) {
        self.check();
        let figures = now(equation::figures(self.operations())).unwrap();
        let float: i128 = figures.iter().map(equation::PurseFigures::float).sum();
        assert_eq!(float, self.on_cards(), "{figures:?}");
    }
}
