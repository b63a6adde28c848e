//! Host and card against each other, at every level, over a line that loses, repeats, reorders and changes messages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use globalplatform::{
    apdu::{Command, Response},
    block_cipher::{AesKey, DesKey},
    secure_channel::{
        CardChannel, CardOpening, ChannelError, HostChannel, HostOpening, KeyIdentity, SecurityLevel,
        StaticKeys, scp02,
        scp03::{self, Options},
    },
    status::StatusWord,
};
use proptest::prelude::*;

const IDENTITY: KeyIdentity = KeyIdentity { diversification: [7; 10], key_version: 0x30 };
const HOST: [u8; 8] = [0xA5; 8];

/// SCP03 with keys of these many bytes, or SCP02.
#[derive(Clone, Copy, Debug)]
enum Protocol {
    Scp02,
    Scp03 { key_bytes: usize },
}

impl Protocol {
    const ALL: [Self; 4] = [
        Self::Scp02,
        Self::Scp03 { key_bytes: 16 },
        Self::Scp03 { key_bytes: 24 },
        Self::Scp03 { key_bytes: 32 },
    ];

    fn keys(self) -> StaticKeys {
        match self {
            Self::Scp02 => {
                let key = |byte: u8| DesKey::new(&std::array::from_fn::<u8, 16, _>(|at| byte ^ at as u8));
                StaticKeys::Scp02(scp02::StaticKeys {
                    enc: key(1).unwrap(),
                    mac: key(2).unwrap(),
                    dek: key(4).unwrap(),
                })
            }
            Self::Scp03 { key_bytes } => {
                let key = |byte: u8| AesKey::new(&vec![byte; key_bytes]).unwrap();
                StaticKeys::Scp03(scp03::StaticKeys { enc: key(1), mac: key(2), dek: key(3) })
            }
        }
    }

    fn levels(self) -> Vec<SecurityLevel> {
        let has_all = !matches!(self, Self::Scp02);
        SecurityLevel::ALL.into_iter().filter(|level| has_all || scp02::offers(*level)).collect()
    }

    fn answer(self) -> (CardOpening, Response) {
        match self.keys() {
            StaticKeys::Scp02(keys) => CardOpening::scp02(&keys, IDENTITY, HOST, [0, 5], [9; 6]),
            StaticKeys::Scp03(keys) => {
                CardOpening::scp03(&keys, IDENTITY, Options::ALL, (HOST, [3; 8]), [0, 0, 1])
            }
        }
    }

    fn open(self, level: SecurityLevel) -> (HostChannel, CardChannel) {
        let (card, answer) = self.answer();
        let (host, _) = HostOpening::begin(0x30, HOST);
        let (host, command) = host.authenticate(&self.keys(), answer.data(), level).unwrap();
        let card = card.authenticate(&command.command().unwrap()).unwrap();
        assert_eq!((host.level(), card.level()), (level, level));
        (host, card)
    }
}

fn every_channel() -> Vec<(Protocol, SecurityLevel)> {
    let levels = |protocol: Protocol| protocol.levels().into_iter().map(move |level| (protocol, level));
    Protocol::ALL.into_iter().flat_map(levels).collect()
}

const COMMANDS: [&[u8]; 3] =
    [&[0x80, 0xF2, 0x20, 0x02], &[0x80, 0xCA, 0, 0x66, 0], &[0x80, 0xE2, 0, 1, 3, 7, 8, 9]];

fn command(place: usize) -> Command<'static> {
    Command::parse(COMMANDS[place]).unwrap()
}

#[test]
fn every_changed_bit_of_external_authenticate_is_refused() {
    for (protocol, level) in every_channel() {
        let (host, _) = HostOpening::begin(0x30, HOST);
        let (_, good) = host.authenticate(&protocol.keys(), protocol.answer().1.data(), level).unwrap();
        for bit in 0..good.as_slice().len() * 8 {
            let mut changed = good.as_slice().to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(command) = Command::parse(&changed) else { continue };
            // Channel number and the unused bits of CLA are not under the MAC.
            if bit < 4 && bit != 2 {
                continue;
            }
            let refused = protocol.answer().0.authenticate(&command);
            assert!(refused.is_err(), "{protocol:?} {level:?} bit {bit}");
        }
    }
}

#[test]
fn every_changed_bit_of_a_protected_command_is_refused_and_ends_the_channel() {
    for (protocol, level) in every_channel().into_iter().filter(|(_, level)| level.has_c_mac()) {
        for place in 0..COMMANDS.len() {
            let (mut host, fresh) = protocol.open(level);
            let good = host.wrap(&command(place)).unwrap();
            for bit in 8..good.as_slice().len() * 8 {
                let mut changed = good.as_slice().to_vec();
                changed[bit / 8] ^= 1 << (bit % 8);
                let Ok(changed) = Command::parse(&changed) else { continue };
                if changed.data() == good.command().unwrap().data() && bit >= 40 {
                    // Le is not under the MAC: it says what the reader can take.
                    continue;
                }
                let mut card = fresh.clone();
                assert!(card.unwrap(&changed).is_err(), "{protocol:?} {level:?} bit {bit}");
                let after = card.unwrap(&good.command().unwrap()).map(drop);
                assert_eq!(after, Err(ChannelError::Ended));
            }
        }
    }
}

#[test]
fn a_command_that_comes_twice_is_refused_the_second_time() {
    for (protocol, level) in every_channel().into_iter().filter(|(_, level)| level.has_c_mac()) {
        let (mut host, mut card) = protocol.open(level);
        let wrapped = host.wrap(&command(2)).unwrap();
        let wrapped = wrapped.command().unwrap();
        assert!(card.unwrap(&wrapped).is_ok());
        assert!(card.unwrap(&wrapped).is_err(), "{protocol:?} {level:?}");
    }
}

#[test]
fn a_command_that_is_left_out_or_overtaken_is_noticed() {
    for (protocol, level) in every_channel().into_iter().filter(|(_, level)| level.has_c_mac()) {
        let (mut host, mut card) = protocol.open(level);
        let _lost = host.wrap(&command(2)).unwrap();
        let second = host.wrap(&command(2)).unwrap();
        assert!(card.unwrap(&second.command().unwrap()).is_err(), "{protocol:?} {level:?}");
    }
}

#[test]
fn an_unprotected_command_ends_a_protected_channel() {
    for (protocol, level) in every_channel().into_iter().filter(|(_, level)| level.has_c_mac()) {
        let (mut host, mut card) = protocol.open(level);
        assert_eq!(card.unwrap(&command(1)).map(drop), Err(ChannelError::NotProtected));
        let wrapped = host.wrap(&command(1)).unwrap();
        assert_eq!(card.unwrap(&wrapped.command().unwrap()).map(drop), Err(ChannelError::Ended));
    }
}

#[test]
fn a_session_does_not_open_with_the_authentication_of_another() {
    for protocol in Protocol::ALL {
        let (host, _) = HostOpening::begin(0x30, HOST);
        let level = SecurityLevel::C_MAC;
        let (_, recorded) = host.authenticate(&protocol.keys(), protocol.answer().1.data(), level).unwrap();
        let other = match protocol.keys() {
            StaticKeys::Scp02(keys) => CardOpening::scp02(&keys, IDENTITY, HOST, [0, 6], [9; 6]),
            StaticKeys::Scp03(keys) => {
                CardOpening::scp03(&keys, IDENTITY, Options::ALL, (HOST, [4; 8]), [0, 0, 2])
            }
        };
        assert!(other.0.authenticate(&recorded.command().unwrap()).is_err());
    }
}

#[test]
fn a_level_that_the_card_does_not_offer_is_refused_on_both_sides() {
    let StaticKeys::Scp03(keys) = (Protocol::Scp03 { key_bytes: 16 }).keys() else { panic!("SCP03") };
    for i in [0x00, 0x10, 0x20, 0x30, 0x60, 0x70] {
        for level in SecurityLevel::ALL {
            let options = Options(i);
            let r_mac_asks = level.has_r_mac() && i & 0x20 == 0;
            let is_offered = !(r_mac_asks || level.has_r_enc() && i & 0x40 == 0);
            let (card, answer) = CardOpening::scp03(&keys, IDENTITY, options, (HOST, [3; 8]), [0, 0, 1]);
            assert_eq!(answer.data().len(), if i & 0x10 == 0 { 29 } else { 32 });
            let (host, _) = HostOpening::begin(0, HOST);
            let opened = host.authenticate(&StaticKeys::Scp03(keys.clone()), answer.data(), level);
            assert_eq!(opened.is_ok(), is_offered, "{i:02X} {level:?}");
            let bold = Command::new([0x84, 0x82, level.byte(), 0], &[0; 16], None).unwrap();
            let refusal = card.authenticate(&bold).unwrap_err();
            let expected = if is_offered { ChannelError::MacWrong } else { ChannelError::LevelNotOffered };
            assert_eq!(refusal, expected);
        }
    }
}

#[test]
fn every_changed_bit_of_a_protected_response_is_refused_and_ends_the_channel() {
    for (protocol, level) in every_channel().into_iter().filter(|(_, level)| level.has_r_mac()) {
        for data in [&[][..], &[1, 2, 3], &[5; 16]] {
            let (mut fresh, mut card) = protocol.open(level);
            card.unwrap(&fresh.wrap(&command(1)).unwrap().command().unwrap()).unwrap();
            let good = card.wrap(&Response::with_data(data).unwrap()).unwrap();
            for bit in 0..good.data().len() * 8 {
                let mut changed = good.data().to_vec();
                changed[bit / 8] ^= 1 << (bit % 8);
                let mut host = fresh.clone();
                let changed = Response::with_data(&changed).unwrap();
                assert_eq!(host.unwrap(&changed), Err(ChannelError::MacWrong));
                assert_eq!(host.unwrap(&good), Err(ChannelError::Ended));
            }
            let warned = good.clone().with_status(StatusWord::MORE_DATA_AVAILABLE);
            assert_eq!(fresh.unwrap(&warned), Err(ChannelError::MacWrong));
        }
    }
}

#[test]
fn the_longest_data_that_fits_is_told() {
    for (protocol, level) in every_channel() {
        let (mut host, mut card) = protocol.open(level);
        let too_long = (0..=255).find(|length| {
            host.clone().wrap(&Command::new([0x80, 0xE2, 0, 0], &vec![1; *length], None).unwrap()).is_err()
        });
        let expected = match (protocol, level.has_c_mac(), level.has_c_enc()) {
            (_, false, _) => None,
            (_, _, false) => Some(248),
            (Protocol::Scp02, ..) => Some(240),
            (Protocol::Scp03 { .. }, ..) => Some(240),
        };
        assert_eq!(too_long, expected, "{protocol:?} {level:?}");
        if let Some(length) = too_long {
            // What did not fit has not moved the channel.
            let refused = host.wrap(&Command::new([0x80, 0xE2, 0, 0], &vec![1; length], None).unwrap());
            assert_eq!(refused.map(drop), Err(ChannelError::TooLong));
        }
        card.unwrap(&host.wrap(&command(1)).unwrap().command().unwrap()).unwrap();
        let most = card.response_data_max();
        assert!(card.wrap(&Response::with_data(&vec![1; most]).unwrap()).is_ok());
        if most < 256 {
            let more = Response::with_data(&vec![1; most + 1]).unwrap();
            assert_eq!(card.wrap(&more), Err(ChannelError::TooLong));
        }
    }
}

#[test]
fn key_data_encrypted_by_the_host_is_what_the_card_decrypts() {
    for (protocol, level) in every_channel() {
        let (host, card) = protocol.open(level);
        let mut key = *b"sixteen bytes...and sixteen more";
        host.encrypt_key_data(&mut key);
        assert_ne!(&key, b"sixteen bytes...and sixteen more");
        card.decrypt_key_data(&mut key);
        assert_eq!(&key, b"sixteen bytes...and sixteen more");
        assert_eq!(host.dek_block(), card.dek_block());
    }
}

proptest! {
    #[test]
    fn what_one_side_says_the_other_side_hears(
        (protocol, level) in prop::sample::select(every_channel()),
        exchanges in prop::collection::vec((
            any::<[u8; 3]>(),
            prop::collection::vec(any::<u8>(), 0..=230),
            any::<bool>(),
            prop::collection::vec(any::<u8>(), 0..=239),
            any::<bool>(),
        ), 1..6),
    ) {
        let (mut host, mut card) = protocol.open(level);
        for ([ins, p1, p2], data, has_le, answer, is_warning) in exchanges {
            let command = Command::new([0x80, ins, p1, p2], &data, has_le.then_some(256)).unwrap();
            let wrapped = host.wrap(&command).unwrap();
            let opened = card.unwrap(&wrapped.command().unwrap()).unwrap();
            prop_assert_eq!(opened.command().unwrap(), command);
            let status = if is_warning { StatusWord(0x6310) } else { StatusWord::SUCCESS };
            let response = Response::with_data(&answer).unwrap().with_status(status);
            prop_assert_eq!(host.unwrap(&card.wrap(&response).unwrap()), Ok(response));
        }
    }

    #[test]
    fn no_bytes_pass_for_a_protected_command(
        (protocol, level) in prop::sample::select(every_channel()),
        bytes in prop::collection::vec(any::<u8>(), 0..261),
    ) {
        prop_assume!(level.has_c_mac());
        let (_, mut card) = protocol.open(level);
        if let Ok(command) = Command::parse(&bytes) {
            prop_assert!(card.unwrap(&command).is_err());
        }
    }
}
