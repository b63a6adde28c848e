//! The forms that ask a passkey: no more than a place until the script has found that the browser can.

use maud::{Markup, html};

use crate::assets;
use crate::form;
use crate::frame::Frame;
use crate::icon::{Icon, icon};

/// A question to a passkey.
pub(crate) struct Ask<'a> {
    /// Where the answer goes.
    pub(crate) action: &'a str,
    /// The options of the browser's interface, as JSON.
    pub(crate) request: &'a str,
    /// The words of the button.
    pub(crate) label: &'a str,
    /// Further fields of the form.
    pub(crate) also: Markup,
    /// Whether the browser may suggest passkeys in the field of the user name.
    pub(crate) suggested: bool,
}

/// Asks for a signature.
pub(crate) fn sign(frame: &Frame, ask: &Ask<'_>) -> Markup {
    html! {
        form.form.passkey.needs-script method="post" action=(ask.action) data-passkey="get" data-request=(ask.request)
            data-suggested[ask.suggested] {
            (form::hidden(frame))
            (ask.also)
            @for name in ["credential_id", "client_data", "authenticator_data", "signature"] {
                input type="hidden" name=(name);
            }
            (ending(frame, ask.label))
        }
    }
}

/// Asks for a new passkey.
pub(crate) fn create(frame: &Frame, ask: &Ask<'_>) -> Markup {
    html! {
        form.form.passkey.needs-script method="post" action=(ask.action) data-passkey="create" data-request=(ask.request) {
            (form::hidden(frame))
            (ask.also)
            @for name in ["client_data", "attestation_object"] { input type="hidden" name=(name); }
            (ending(frame, ask.label))
        }
    }
}

fn ending(frame: &Frame, label: &str) -> Markup {
    html! {
        p.field-error data-passkey-failed="" role="alert" hidden { (frame.t("passkey-cancelled")) }
        button.button.button-wide type="submit" disabled { (icon(Icon::Key)) (label) }
        script type="module" src=(assets::PASSKEY_SCRIPT.path) {}
    }
}
