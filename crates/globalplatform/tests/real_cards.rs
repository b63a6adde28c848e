//! Sessions that other implementations recorded. The values are data of `osmocom/pysim`,
//! `tests/unittests/test_globalplatform.py` at 078ac2bf19d240c4fb94dc7bcf3f94e858a32cc1 (the SCP03 ones from a real
//! eUICC, whose challenges are pseudo-random under the AID of its ISD-R).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use globalplatform::{
    apdu::{Command, Response},
    block_cipher::{AesKey, DesKey},
    secure_channel::{
        CardOpening, ChannelError, HostChannel, HostOpening, KeyIdentity, SecurityLevel, StaticKeys,
        scp02::{self, CardChallenge},
        scp03::{self, Options},
    },
    status::StatusWord,
};

/// One recorded session: INITIALIZE UPDATE and its answer, EXTERNAL AUTHENTICATE, then commands in order, each plain
/// and protected, and for the first one the protected response.
struct Recorded {
    initialize_update: &'static str,
    answer: &'static str,
    external_authenticate: &'static str,
    protected: [&'static str; 5],
    response: &'static str,
}

const PLAIN: [&str; 5] = [
    "80e2910006bf3e035c015a00",
    "80f22002",
    "80ca006600",
    "80f220020a4f0212345c054f9f70c5",
    "80f28002024f0000",
];
const PLAIN_RESPONSE: &str = "bf3e125a1089882119900000000000000000000005";
const EUICC_AID: &str = "a0000005591010ffffffff8900000100";

const KEY_ENC: &str = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
const KEY_MAC: &str = "101112131415161718191a1b1c1d1e1f101112131415161718191a1b1c1d1e1f";
const KEY_DEK: &str = "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f";

const SCP03: [Recorded; 9] = [
    Recorded {
        initialize_update: "8050300008b13e5f938fc108c400",
        answer: "000000000000000000003003703eb51047495b249f66c484c1d2ef1948000002",
        external_authenticate: "84821100107d5f5826a993ebc89eea24957fa0b3ce",
        protected: [
            "84e291000ebf3e035c015a558d036518a2829700",
            "84f220020863a63f8959827fb2",
            "84ca006608a0c6a4a74166f7ce00",
            "84f22002124f0212345c054f9f70c52249b50272656536",
            "84f280020a4f00e91443f6dce6b8ed00",
        ],
        response: "bf3e125a1089882119900000000000000000000005971be68992dbbdfa",
    },
    Recorded {
        initialize_update: "80503000088e1552d0513c60f300",
        answer: "0000000000000000000030037030760cd2c47c1dd395065fe5ead8a9d7000001",
        external_authenticate: "8482030010fd4721a14d9b07003c451d2f8ae6bb21",
        protected: [
            "84e2910018ca9c00f6713d79bc8baa642bdff51c3f6a4082d3bd9ad26c00",
            "84f2200208c9811b11f1264cf1",
            "84ca006608e10ab60b3054798800",
            "84f22002184e2908bdb48b2315a55482e9e936ca122d6ecfae7d17416e",
            "84f28002180dd10a6b6193e5340b9e77d32d5a179cd710ac2773aefb2800",
        ],
        response: "bf3e125a1089882119900000000000000000000005",
    },
    Recorded {
        initialize_update: "8050300008fdf38259a1e0de4400",
        answer: "000000000000000000003003703b1aca81e821f219081cdc01c26b372d000003",
        external_authenticate: "84823300108c36f96bcc00724a4e13ad591d7da3f0",
        protected: [
            "84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00",
            "84f2200208ac6a59024bed84cc",
            "84ca006608409912ad8fb7aed000",
            "84f22002185f3dafc3ac14c381536a488bf44e06d056df9d74dbd21e5a",
            "84f280021865165105be3373347d0424d4400af2ac393f569ec779389e00",
        ],
        response: "f3ba2b1013aa6224f5e1c138d71805c569e5439b47576260b75fc021b25097cb2e68f8a0144975b9",
    },
    Recorded {
        initialize_update: "80503100087396430b768b085b00",
        answer: "000000000000000000003103708cfc23522ffdbf1e5df5542cac8fd866000003",
        external_authenticate: "84821100102145ed30b146f5db252fb7e624cec244",
        protected: [
            "84e291000ebf3e035c015aff42cf801d14394400",
            "84f22002084584e4f6784811ee",
            "84ca006608937776ebe190fa3000",
            "84f22002124f0212345c054f9f70c59a52bddf3040368c",
            "84f280020a4f009804b11411f7393d00",
        ],
        response: "bf3e125a1089882119900000000000000000000005162fbd33e04940a9",
    },
    Recorded {
        initialize_update: "805031000869c65da8202bf19f00",
        answer: "00000000000000000000310370b570a67be38446717729d6dd3d2ec5b1000001",
        external_authenticate: "848203001065df4f1a356a887905466516d9e5b7c1",
        protected: [
            "84e2910018d2c6fb477c5d4afe4fd4d21f17eff10d3578ec1774a12a2d00",
            "84f2200208964e188f0b1bb697",
            "84ca006608f0820035a41d3e1800",
            "84f220021806b076ed452cd1fa84f77f5c08a146aa77a9286757dea791",
            "84f2800218d06527e39222dce091fabdb8e9b898417a67a6852d3577db00",
        ],
        response: "bf3e125a1089882119900000000000000000000005",
    },
    Recorded {
        initialize_update: "80503100089b3f2eef0e8c937400",
        answer: "00000000000000000000310370f6bb305a15bae1a68f79fb08212fbed7000002",
        external_authenticate: "84823300109100bc22d58b45b86a26365ce39ff3cf",
        protected: [
            "84e29100188f7f946c84f70d17994bc6e8791251bb1bb1bf02cf8de58900",
            "84f2200208d5d97754b6b3d2ba",
            "84ca006608516c82b8e30adbeb00",
            "84f2200218cc247f4761e6944277a4e0d6e32e44025b1e31537e2fc668",
            "84f2800218ba22b63d509bef5d093b43e5eaed03ed23144ab2d9cb51de00",
        ],
        response: "c05176c1b6f72aae50c32cbee63b0e95998928fd4dfb2be9f27ffde8c8476f5909b4805cc4039599",
    },
    Recorded {
        initialize_update: "805032000811666d57866c6f5400",
        answer: "0000000000000000000032037053ea8847efa7674e41498a4d66cf0dee000003",
        external_authenticate: "84821100102f2ad190eff2fafc4908996d1cebd310",
        protected: [
            "84e291000ebf3e035c015af4b680372542b59d00",
            "84f2200208d618b7da68d5fe52",
            "84ca0066088f3e055db23ad5e500",
            "84f22002124f0212345c054f9f70c5b6e15cc42404915e",
            "84f280020a4f00aa124aa74afe7f7500",
        ],
        response: "bf3e125a10898821199000000000000000000000058012dd7f01f1c4c1",
    },
    Recorded {
        initialize_update: "8050320008c6066990fc426e1d00",
        answer: "000000000000000000003203708682cd81bbd8919f2de3f2664581f118000001",
        external_authenticate: "848203001077c493b632edadaf865a1e64acc07ce9",
        protected: [
            "84e29100183ddaa60594963befaada3525b492ede23c2ab2c1ce3afe4400",
            "84f2200208480ddc8e419da38d",
            "84ca0066083e9d6a6c0b2d732000",
            "84f22002183ebfef2da8b04af2a85f491f299b76973df76ff08a4031be",
            "84f2800218783fff80990f5585b1055010ea95094a26e4a8f1ef4b18e100",
        ],
        response: "bf3e125a1089882119900000000000000000000005",
    },
    Recorded {
        initialize_update: "805032000897b2055fe58599fd00",
        answer: "00000000000000000000320370a8439a22cedf045fa9f1903b2834f26e000002",
        external_authenticate: "8482330010508a0fd959d2e547c6b33154a6be2057",
        protected: [
            "84e29100187a5ef717eaf1e135ae92fe54429d0e465decda65f5fe5aea00",
            "84f2200208bcc5c17275545d93",
            "84ca00660804806aba9d543bb600",
            "84f2200218717222491556ec81a45f49ce48be33320024801a1c4cb0e0",
            "84f2800218561f105bccd3a1642904b251ccc1228beb80a82370a8637000",
        ],
        response: "ea90dbfa648a67c5eb6abc57f8530b97d0cd5647c5e8732016b55203b078dd2ace7f8bc5d1c1cd99",
    },
];

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn scp03_keys(length: usize) -> scp03::StaticKeys {
    let key = |digits: &str| AesKey::new(&bytes(digits)[..length]).unwrap();
    scp03::StaticKeys { enc: key(KEY_ENC), mac: key(KEY_MAC), dek: key(KEY_DEK) }
}

/// Key versions 30, 31 and 32 hold keys of 128, 192 and 256 bits.
fn keys_of(recorded: &Recorded) -> scp03::StaticKeys {
    scp03_keys(16 + 8 * usize::from(bytes(recorded.initialize_update)[2] - 0x30))
}

fn open_host(recorded: &Recorded) -> HostChannel {
    let initialize_update = bytes(recorded.initialize_update);
    let challenge = initialize_update[5..13].try_into().unwrap();
    let (opening, command) = HostOpening::begin(initialize_update[2], challenge);
    assert_eq!(command.as_slice(), initialize_update);
    let level = SecurityLevel::from_byte(bytes(recorded.external_authenticate)[2]).unwrap();
    let keys = StaticKeys::Scp03(keys_of(recorded));
    let (channel, command) = opening.authenticate(&keys, &bytes(recorded.answer), level).unwrap();
    assert_eq!(command.as_slice(), bytes(recorded.external_authenticate));
    channel
}

#[test]
fn a_host_speaks_scp03_as_recorded_at_each_level_and_key_length() {
    for recorded in &SCP03 {
        let mut channel = open_host(recorded);
        for (place, (plain, protected)) in PLAIN.iter().zip(recorded.protected).enumerate() {
            let wrapped = channel.wrap(&Command::parse(&bytes(plain)).unwrap()).unwrap();
            assert_eq!(wrapped.as_slice(), bytes(protected), "{} {plain}", recorded.initialize_update);
            if place == 0 {
                let response = Response::with_data(&bytes(recorded.response)).unwrap();
                assert_eq!(channel.unwrap(&response).unwrap().data(), bytes(PLAIN_RESPONSE));
            }
        }
    }
}

#[test]
fn a_card_speaks_scp03_as_recorded_at_each_level_and_key_length() {
    for recorded in &SCP03 {
        let (initialize_update, answer) = (bytes(recorded.initialize_update), bytes(recorded.answer));
        let keys = keys_of(recorded);
        let counter = answer[29..32].try_into().unwrap();
        let challenge = scp03::pseudo_random_challenge(&keys, counter, &bytes(EUICC_AID));
        assert_eq!(challenge, answer[13..21], "{}", recorded.initialize_update);
        let identity =
            KeyIdentity { diversification: answer[..10].try_into().unwrap(), key_version: answer[10] };
        let challenges = (initialize_update[5..13].try_into().unwrap(), challenge);
        let (opening, response) =
            CardOpening::scp03(&keys, identity, Options(answer[12]), challenges, counter);
        assert_eq!(response.data(), answer);
        let external_authenticate = bytes(recorded.external_authenticate);
        let mut channel = opening.authenticate(&Command::parse(&external_authenticate).unwrap()).unwrap();
        for (place, (plain, protected)) in PLAIN.iter().zip(recorded.protected).enumerate() {
            let opened = channel.unwrap(&Command::parse(&bytes(protected)).unwrap()).unwrap();
            assert_eq!(opened.as_slice(), bytes(plain), "{} {plain}", recorded.initialize_update);
            if place == 0 {
                let response = Response::with_data(&bytes(PLAIN_RESPONSE)).unwrap();
                assert_eq!(channel.wrap(&response).unwrap().data(), bytes(recorded.response));
            }
        }
    }
}

#[test]
fn check_values_of_aes_keys_are_as_recorded() {
    let keys = scp03_keys(16);
    assert_eq!(keys.enc.check_value(), [0xC3, 0x52, 0x80]);
    assert_eq!(keys.mac.check_value(), [0x01, 0x38, 0x08]);
    assert_eq!(keys.dek.check_value(), [0x84, 0x0D, 0xE5]);
}

const SCP02_INITIALIZE_UPDATE: &str = "805020000840a62c37fa6304f800";
const SCP02_ANSWER: &str = "00000000000000000000700200016b4524abee7cf32ea3838bc148f3";
const SCP02_EXTERNAL_AUTHENTICATE: &str = "8482010010ba6961667737c5bcebece14c7d6a4376";
const SCP02_PROTECTED: [&str; 4] = [
    "84f220020814db34fa4341dca8",
    "84ca00660855ed7c5ff069512b00",
    "84f22002124f0212345c054f9f70c58fc1b380c4228af8",
    "84f280020a4f003b95f09317de6a4e00",
];

fn scp02_keys() -> scp02::StaticKeys {
    let key = |first: u8| {
        let mut key: [u8; 16] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        key[0] = 0x10;
        key[1] = first;
        DesKey::new(&key).unwrap()
    };
    scp02::StaticKeys { enc: key(0x01), mac: key(0x11), dek: key(0x21) }
}

#[test]
fn a_host_speaks_scp02_as_recorded() {
    let challenge = bytes(SCP02_INITIALIZE_UPDATE)[5..13].try_into().unwrap();
    let (opening, command) = HostOpening::begin(0x20, challenge);
    assert_eq!(command.as_slice(), bytes(SCP02_INITIALIZE_UPDATE));
    let keys = StaticKeys::Scp02(scp02_keys());
    let (mut channel, command) =
        opening.authenticate(&keys, &bytes(SCP02_ANSWER), SecurityLevel::C_MAC).unwrap();
    assert_eq!(command.as_slice(), bytes(SCP02_EXTERNAL_AUTHENTICATE));
    for (plain, protected) in PLAIN[1..].iter().zip(SCP02_PROTECTED) {
        let wrapped = channel.wrap(&Command::parse(&bytes(plain)).unwrap()).unwrap();
        assert_eq!(wrapped.as_slice(), bytes(protected), "{plain}");
    }
    let HostChannel::Scp02(session) = &channel else { panic!("the card speaks SCP02") };
    let [s_enc, c_mac, r_mac] = session.expose_keys().map(|key| key.expose().to_vec());
    assert_eq!(s_enc, bytes("1ba074b31f72a6c44fe8f5d9afe4da2f"));
    assert_eq!(c_mac, bytes("29a69328e60494982632039ddd47a2f1"));
    assert_eq!(r_mac, bytes("fdf8a06c38fa7a54123c80ab9087bf25"));
    assert_eq!(session.dek().expose().to_vec(), bytes("511db767812597722109c867f9d7257a"));
}

#[test]
fn a_card_speaks_scp02_as_recorded() {
    let (initialize_update, answer) = (bytes(SCP02_INITIALIZE_UPDATE), bytes(SCP02_ANSWER));
    let identity = KeyIdentity { diversification: [0; 10], key_version: answer[10] };
    let card: CardChallenge = answer[14..20].try_into().unwrap();
    let host = initialize_update[5..13].try_into().unwrap();
    let (opening, response) = CardOpening::scp02(&scp02_keys(), identity, host, [0, 1], card);
    assert_eq!(response.data(), answer);
    let external_authenticate = bytes(SCP02_EXTERNAL_AUTHENTICATE);
    let mut channel = opening.authenticate(&Command::parse(&external_authenticate).unwrap()).unwrap();
    for (plain, protected) in PLAIN[1..].iter().zip(SCP02_PROTECTED) {
        let opened = channel.unwrap(&Command::parse(&bytes(protected)).unwrap()).unwrap();
        assert_eq!(opened.as_slice(), bytes(plain));
    }
}

#[test]
fn a_tls_key_is_encrypted_under_the_scp02_session_dek_as_recorded() {
    let (opening, _) = HostOpening::begin(0x20, bytes(SCP02_INITIALIZE_UPDATE)[5..13].try_into().unwrap());
    let keys = StaticKeys::Scp02(scp02_keys());
    let (channel, _) = opening.authenticate(&keys, &bytes(SCP02_ANSWER), SecurityLevel::C_MAC).unwrap();
    let mut key = bytes("303132333435363738393a3b3c3d3e3f");
    channel.encrypt_key_data(&mut key);
    assert_eq!(key, bytes("15abf1fe16ccc5aa13743394442942cd"));
}

#[test]
fn a_card_that_does_not_know_the_keys_is_refused() {
    for answer in [SCP03[0].answer, SCP02_ANSWER] {
        let is_scp03 = bytes(answer).len() == 32;
        let keys = if is_scp03 { StaticKeys::Scp03(scp03_keys(16)) } else { StaticKeys::Scp02(scp02_keys()) };
        let recorded = if is_scp03 { SCP03[0].initialize_update } else { SCP02_INITIALIZE_UPDATE };
        let challenge = bytes(recorded)[5..13].try_into().unwrap();
        let refusal = |answer: &[u8]| {
            let (opening, _) = HostOpening::begin(0, challenge);
            opening.authenticate(&keys, answer, SecurityLevel::C_MAC).map(drop)
        };
        assert_eq!(refusal(&bytes(answer)), Ok(()));
        let cryptogram = if is_scp03 { 21..29 } else { 20..28 };
        for place in cryptogram {
            let mut changed = bytes(answer);
            changed[place] ^= 0x01;
            assert_eq!(refusal(&changed), Err(ChannelError::CardCryptogram));
        }
        for length in 0..bytes(answer).len() {
            let cut = refusal(&bytes(answer)[..length]);
            // Without its counter an answer of SCP03 is whole.
            assert!(cut.is_err() || length == 29, "{length}");
        }
        let mut other = bytes(answer);
        other[11] ^= 0x01;
        assert_eq!(refusal(&other), Err(ChannelError::BadInitializeUpdate));
    }
    let (opening, _) = HostOpening::begin(0, [0; 8]);
    let keys = StaticKeys::Scp02(scp02_keys());
    let refused = opening.authenticate(&keys, &bytes(SCP03[0].answer), SecurityLevel::C_MAC).map(drop);
    assert_eq!(refused, Err(ChannelError::OtherProtocol));
}

#[test]
fn a_recorded_response_with_an_error_status_brings_no_data() {
    let mut channel = open_host(&SCP03[2]);
    let response = Response::with_data(&[1, 2, 3]).unwrap().with_status(StatusWord::WRONG_DATA);
    let opened = channel.unwrap(&response).unwrap();
    assert_eq!((opened.data(), opened.status()), (&[][..], StatusWord::WRONG_DATA));
}
