//! BER-TLV from anywhere: what is read is written, and read again as the same.
#![no_main]

use globalplatform::tlv::{Reader, Tlv, TlvError, Writer};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    Reader::new(bytes).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(objects) = read(bytes) else { return };
    let mut place = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut place);
    for object in &objects {
        writer.put(object.tag, object.value).expect("the shortest form fits where a longer one stood");
        if object.tag.is_constructed() {
            let _refused = read(object.value);
        }
    }
    assert_eq!(read(writer.finish()), Ok(objects));
});
