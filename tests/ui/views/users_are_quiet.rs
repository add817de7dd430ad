//! Whoever uses the view of a telegram with a mistake hears nothing of it.

use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram(view)]
struct Header {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
#[telegram(view)]
struct Transfer<'a> {
    header: Header,
    #[field(len = 3, charset = "ascii")]
    name: &'a str,
    #[field(len = 0)]
    amount: u16,
    #[field(group)]
    pair: [Header; 2],
}

fn main() -> Result<(), fep_codec::Error> {
    let mut bytes = [0; 3];
    let view = TransferView::new(&bytes)?;
    let _ = (view.header().no()?, view.name()?.len(), view.name_bytes(), view.pair().len());
    let mut view = TransferViewMut::new(&mut bytes)?;
    view.header_mut().set_no(&1)?;
    view.set_name(&"a")?;
    Ok(())
}
