use maud::{Markup, PreEscaped, html};
use qrcode::{Color, EcLevel, QrCode};

/// The free modules around a code (ISO/IEC 18004 asks for four).
const QUIET_MODULES: usize = 4;

/// A QR code, drawn in one path. Nothing where the text is longer than any code holds.
pub(crate) fn qr(text: &str, label: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return html! {} };
    let (width, colors) = (code.width(), code.to_colors());
    let size = width + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (row, modules) in colors.chunks(width).enumerate() {
        for (column, module) in modules.iter().enumerate() {
            if *module == Color::Dark {
                path.push_str(&format!("M{} {}h1v1h-1z", column + QUIET_MODULES, row + QUIET_MODULES));
            }
        }
    }
    html! {
        svg.qr role="img" aria-label=(label) viewBox=(format!("0 0 {size} {size}")) shape-rendering="crispEdges" {
            rect.qr-ground width=(size) height=(size) {}
            path.qr-modules d=(PreEscaped(path)) {}
        }
    }
}
