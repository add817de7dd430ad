//! The places of shared lines: leases by the clock of the database. Each statement stands alone, so a gateway that is paused holds no lock.

use fep_protocol::places::{PlaceKey, PlaceSeen, PlacesAsked, PlacesSeen};
use tokio_postgres::{Client, Error, Row};

use super::lease::Lease;

/// Who asks: a run of an instance.
struct Asker<'a> {
    name: &'a str,
    epoch: i64,
    lease_ms: i64,
}

/// Keys as columns.
struct Columns<'k> {
    institutions: Vec<&'k str>,
    lines: Vec<&'k str>,
    numbers: Vec<i32>,
}

/// The keys `$1`, `$2`, `$3`.
const KEYS: &str = "(institution, line, number) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::int4[]))";

/// The run `$5` of the instance `$4` may write: nobody took over from it.
const LIVES: &str = "EXISTS (SELECT FROM instances WHERE name = $4 AND instances.epoch = $5 AND ended_at IS NULL)";

const LATER: &str = "clock_timestamp() + make_interval(secs => $6::int8 / 1000.0)";

impl Lease {
    fn asker(&self) -> Asker<'_> {
        let lease_ms = i64::try_from(self.database.settings().lease.as_millis()).unwrap_or(i64::MAX);
        Asker { name: self.instance(), epoch: self.epoch, lease_ms }
    }

    /// Gives places back, renews others, and says who has which.
    pub(super) async fn look_at_places(&self, client: &Client, asked: &PlacesAsked) -> Result<PlacesSeen, Error> {
        let Asker { name, epoch, lease_ms } = self.asker();
        let Columns { institutions, lines, numbers } = Columns::of(&asked.release);
        if !institutions.is_empty() {
            let sql = format!(
                "UPDATE places SET holder = NULL, epoch = 0, until = clock_timestamp() WHERE {KEYS} AND holder = $4 AND epoch = $5"
            );
            client.execute(&sql, &[&institutions, &lines, &numbers, &name, &epoch]).await?;
        }
        let Columns { institutions, lines, numbers } = Columns::of(&asked.renew);
        let mut renewed = Vec::new();
        if !institutions.is_empty() {
            let sql = format!(
                "UPDATE places SET until = {LATER} WHERE {KEYS} AND holder = $4 AND epoch = $5 AND {LIVES} RETURNING institution, line, number"
            );
            let rows = client.query(&sql, &[&institutions, &lines, &numbers, &name, &epoch, &lease_ms]).await?;
            renewed = rows.iter().map(key).collect::<Result<_, _>>()?;
        }
        let Columns { institutions, lines, numbers } = Columns::of(&asked.seek);
        let sql = format!("DELETE FROM seekers WHERE name = $4 AND NOT {KEYS}");
        client.execute(&sql, &[&institutions, &lines, &numbers, &name]).await?;
        let sql = "INSERT INTO seekers SELECT *, $4, clock_timestamp() + make_interval(secs => $5::int8 / 1000.0)
                   FROM unnest($1::text[], $2::text[], $3::int4[])
                   ON CONFLICT (institution, line, number, name) DO UPDATE SET until = excluded.until";
        client.execute(sql, &[&institutions, &lines, &numbers, &name, &lease_ms]).await?;
        let sql =
            "INSERT INTO places (institution, line, number) SELECT * FROM unnest($1::text[], $2::text[], $3::int4[])
                   ON CONFLICT DO NOTHING";
        client.execute(sql, &[&institutions, &lines, &numbers]).await?;
        let sql = "SELECT institution, line, number, CASE WHEN until > clock_timestamp() THEN holder END,
                       ARRAY (SELECT name FROM seekers WHERE seekers.institution = places.institution AND seekers.line = places.line
                              AND seekers.number = places.number AND seekers.until > clock_timestamp() ORDER BY name)
                   FROM places ORDER BY institution, line, number";
        let seen = |row: &Row| -> Result<PlaceSeen, Error> {
            let holder = row.try_get::<_, Option<&str>>(3)?.map(Into::into);
            let seekers = row.try_get::<_, Vec<&str>>(4)?.into_iter().map(Into::into).collect();
            Ok(PlaceSeen { key: key(row)?, holder, seekers })
        };
        let places = client.query(sql, &[]).await?.iter().map(seen).collect::<Result<_, _>>()?;
        Ok(PlacesSeen { renewed, places })
    }

    /// Takes places that nobody has, or whose lease is over. Returns those that were taken.
    pub(super) async fn take_places(&self, client: &Client, wanted: &[PlaceKey]) -> Result<Vec<PlaceKey>, Error> {
        let Asker { name, epoch, lease_ms } = self.asker();
        let Columns { institutions, lines, numbers } = Columns::of(wanted);
        let sql = format!(
            "UPDATE places SET holder = $4, epoch = $5, until = {LATER}
             WHERE {KEYS} AND (holder IS NULL OR until <= clock_timestamp()) AND {LIVES} RETURNING institution, line, number"
        );
        let rows = client.query(&sql, &[&institutions, &lines, &numbers, &name, &epoch, &lease_ms]).await?;
        rows.iter().map(key).collect()
    }

    /// Gives all places of this instance back, whichever run had them.
    pub(super) async fn leave_places(client: &impl tokio_postgres::GenericClient, name: &str) -> Result<(), Error> {
        let sql = "UPDATE places SET holder = NULL, epoch = 0, until = clock_timestamp() WHERE holder = $1";
        client.execute(sql, &[&name]).await?;
        client.execute("DELETE FROM seekers WHERE name = $1", &[&name]).await?;
        Ok(())
    }
}

impl<'k> Columns<'k> {
    fn of(keys: &'k [PlaceKey]) -> Self {
        Self {
            institutions: keys.iter().map(|key| &*key.institution).collect(),
            lines: keys.iter().map(|key| &*key.line).collect(),
            numbers: keys.iter().map(|key| i32::try_from(key.number).unwrap_or(i32::MAX)).collect(),
        }
    }
}

fn key(row: &Row) -> Result<PlaceKey, Error> {
    Ok(PlaceKey {
        institution: row.try_get::<_, &str>(0)?.into(),
        line: row.try_get::<_, &str>(1)?.into(),
        number: u32::try_from(row.try_get::<_, i32>(2)?).unwrap_or_default(),
    })
}
