//! Line icons, drawn on a 24 × 24 grid. They never stand alone: a word is always beside them or on their button.

use maud::{Markup, PreEscaped, html};

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Alert,
    ArrowLeft,
    Bank,
    Bell,
    Book,
    Card,
    Check,
    Clock,
    Code,
    Cross,
    Down,
    Download,
    Empty,
    Freeze,
    Gauge,
    Globe,
    Info,
    Key,
    Limit,
    List,
    Lock,
    Moon,
    People,
    Person,
    Phone,
    Print,
    Refund,
    Scale,
    Scan,
    Search,
    Shield,
    Shop,
    Star,
    Stop,
    Sun,
    Swap,
    Tag,
    Till,
    Undo,
    Up,
    Wallet,
}

impl Icon {
    const fn strokes(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.8 20h18.4L12 4zM12 10v4.5M12 17.2v.1",
            Self::ArrowLeft => "M19 12H5M11 6l-6 6 6 6",
            Self::Bank => "M3.5 9.5 12 4l8.5 5.5h-17zM6 12.5v5M10 12.5v5M14 12.5v5M18 12.5v5M3.5 20h17",
            Self::Bell => "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5zM10 20.5h4",
            Self::Book => "M6 3.5h12v17l-3-1.8-3 1.8-3-1.8-3 1.8v-17zM9 8h6M9 12h6",
            Self::Card => {
                "M4.5 5.5h15a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-15a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2zM2.5 10h19M6 15h4"
            }
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
            Self::Code => "M4 4h6v6H4V4zM14 4h6v6h-6V4zM4 14h6v6H4v-6zM14 14h2.5v2.5M20 14v6h-6v-2M20 20h.1",
            Self::Cross => "M6.5 6.5l11 11M17.5 6.5l-11 11",
            Self::Down => "M12 4.5v12M6.5 11l5.5 5.5 5.5-5.5M5 20h14",
            Self::Download => "M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 18v2h15v-2",
            Self::Empty => "M4 13 6.5 5h11L20 13v6H4v-6zM4 13h5l1.2 2.5h3.6L15 13h5",
            Self::Freeze => "M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5",
            Self::Gauge => "M4 18a8.6 8.6 0 1 1 16 0M12 15l4-5.5M7 18h10",
            Self::Globe => {
                "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5.2 5 11.8 0 17M12 3.5c-5 5.2-5 11.8 0 17"
            }
            Self::Info => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.2M12 7.6v.1",
            Self::Key => "M8 10.5a4.5 4.5 0 1 0 0 6M8.9 12.2H21v3.3h-2.5v-3.3M15 12.2v2.6M8 13.5h.1",
            Self::Limit => "M4.5 16a8 8 0 1 1 15 0M12 14.5l3.5-5M4 20h16",
            Self::List => "M4 6h3v3H4V6zM4 15h3v3H4v-3zM10.5 7.5H20M10.5 16.5H20",
            Self::Lock => "M6 10.5h12v9.5H6v-9.5zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5M12 14.2v2",
            Self::Moon => "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
            Self::People => {
                "M8.5 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 19.5c.6-3.6 3-5 6-5s5.4 1.4 6 5M16 5a3 3 0 0 1 0 6M17.5 14.8c2 .6 3.5 2 4 4.7"
            }
            Self::Person => "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.8-4 4-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
            Self::Phone => {
                "M7.5 3h9A1.5 1.5 0 0 1 18 4.5v15a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 6 19.5v-15A1.5 1.5 0 0 1 7.5 3zM11 18h2"
            }
            Self::Print => {
                "M7 8V3.5h10V8M7 17H4V9.5A1.5 1.5 0 0 1 5.5 8h13A1.5 1.5 0 0 1 20 9.5V17h-3M7 14h10v6.5H7V14z"
            }
            Self::Refund => "M4 10h11.5a4.5 4.5 0 0 1 0 9H9M4 10l4.5-4.5M4 10l4.5 4.5",
            Self::Scale => {
                "M12 4v16M7.5 20h9M5 7h14M5 7l-2.5 6.5a2.7 2.7 0 0 0 5 0L5 7zM19 7l-2.5 6.5a2.7 2.7 0 0 0 5 0L19 7z"
            }
            Self::Scan => {
                "M4 8.5V5.5A1.5 1.5 0 0 1 5.5 4h3M15.5 4h3A1.5 1.5 0 0 1 20 5.5v3M20 15.5v3a1.5 1.5 0 0 1-1.5 1.5h-3M8.5 20h-3A1.5 1.5 0 0 1 4 18.5v-3M4 12h16"
            }
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
            Self::Shield => {
                "M12 3.5 5 6v5.5c0 4.3 2.9 7.4 7 9 4.1-1.6 7-4.7 7-9V6l-7-2.5zM9 12l2.2 2.2L15.2 10"
            }
            Self::Shop => {
                "M4 9.5 5.5 4h13L20 9.5a2.7 2.7 0 0 1-5.3 0 2.7 2.7 0 0 1-5.4 0 2.7 2.7 0 0 1-5.3 0zM5.5 12.5V20h13v-7.5M10 20v-4.5h4V20"
            }
            Self::Star => "m12 4 2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8L12 4z",
            Self::Stop => "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7l5-5zM9 9l6 6M15 9l-6 6",
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"
            }
            Self::Swap => "M4 8.5h15M15 4.5l4 4-4 4M20 15.5H5M9 11.5l-4 4 4 4",
            Self::Tag => "M4 4.5h7.5L20 13l-7 7-8.5-8.5V4.5zM8 8.4v.1",
            Self::Till => {
                "M5 11h14l1.5 9h-17L5 11zM8 11V4h8v7M10.5 7h3M8 14.5h.1M12 14.5h.1M16 14.5h.1M9 17.5h6"
            }
            Self::Undo => "M5 5v5h5M5.5 10a7.5 7.5 0 1 1-.5 5",
            Self::Up => "M12 16.5v-12M6.5 10 12 4.5l5.5 5.5M5 20h14",
            Self::Wallet => {
                "M4 7.5A2.5 2.5 0 0 1 6.5 5H18v3M4 7.5V17a2.5 2.5 0 0 0 2.5 2.5H20V8H5.5A1.5 1.5 0 0 1 4 7.5zM16 13.7h.1"
            }
        }
    }
}

/// The icon, hidden from screen readers.
pub(crate) fn icon(icon: Icon) -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" aria-hidden="true" {
            path d=(PreEscaped(icon.strokes())) {}
        }
    }
}

/// The ingot of the name, as the mark of the product.
pub(crate) fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 40 32" aria-hidden="true" {
            path.mark-hull d="M2 9c4 3 9 5 18 5s14-2 18-5c1 9-5 19-18 19S1 18 2 9z" {}
            ellipse.mark-dome cx="20" cy="11" rx="10" ry="7.5" {}
            path.mark-rim d="M2 9c4 3 9 5 18 5s14-2 18-5" fill="none" stroke-width="1.6" stroke-linecap="round" {}
        }
    }
}
