//! What a card keeps beside its applets: the registry of its security domains, and which applet is an instance of what.

use globalplatform::{
    aid::Aid,
    registry::{REGISTRY_BYTES, Registry},
};
use purse::{
    bytes::{Reader, Writer},
    journal::Stored,
};

/// An applet as the card knows it, whether it is installed or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// Its name; `None` where it is not installed.
    pub aid: Option<Aid>,
    /// By which file identifier it is selected, too; zeros where by none.
    pub file_identifier: [u8; 2],
    /// Whether it was ever personalised. Such a one is not installed again after it was deleted: its counters would begin
    /// anew, and what was recorded in its first life would be good once more.
    pub is_used: bool,
}

impl Instance {
    const BYTES: usize = 1 + 16 + 2 + 1;
}

/// What a card keeps beside its applets. It changes in one commit, so a card's content does.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Keys, life cycles and names.
    pub registry: Registry,
    /// The applets.
    pub instances: [Instance; 2],
}

impl Stored for Directory {
    const LAYOUT: u32 = 0x4744_0001;
    const BYTES: usize = (REGISTRY_BYTES + 2 * Instance::BYTES).next_multiple_of(4);

    fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.registry.to_image());
        for instance in &self.instances {
            let name = instance.aid.as_ref().map_or(&[][..], Aid::as_slice);
            body.byte(u8::try_from(name.len()).unwrap_or_default());
            body.put(name);
            (name.len()..16).for_each(|_| body.byte(0));
            body.put(&instance.file_identifier);
            body.byte(u8::from(instance.is_used));
        }
        while body.length().is_some_and(|length| length < Self::BYTES) {
            body.byte(0);
        }
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let registry = Registry::from_image(&body.take()?).ok()?;
        let mut instances = [Instance::default(); 2];
        for instance in &mut instances {
            let (length, name) = (body.byte()?, body.take::<16>()?);
            *instance = Instance {
                aid: match length {
                    0 => None,
                    length => Some(Aid::new(name.get(..usize::from(length))?)?),
                },
                file_identifier: body.take()?,
                is_used: body.flag()?,
            };
        }
        Some(Self { registry, instances })
    }
}
