//! Durations, sizes and processors as they are typed.

pub fn parse_duration(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        _ => return Err("write 1500ms, 30s, 5m or 1h".into()),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok((number * factor).ceil() as u64),
        _ => Err("write 1500ms, 30s, 5m or 1h".into()),
    }
}

pub fn parse_size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(|c: char| c.is_alphabetic()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(at);
    let factor = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 1.0,
        "k" => 1024.0,
        "m" => 1024.0 * 1024.0,
        "g" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err("write 512m or 2g".into()),
    };
    let bytes = number.trim().parse::<f64>().map_err(|_| "write 512m or 2g")? * factor;
    match bytes {
        bytes if bytes >= 4096.0 * 1024.0 && bytes.is_finite() => Ok(bytes as u64),
        _ => Err("at least 4m: less starts no worker".into()),
    }
}

pub fn parse_cpus(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(cpus) if cpus >= 0.01 && cpus.is_finite() => Ok(cpus),
        _ => Err("write a number of processors, such as 0.5 or 2".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        assert_eq!(parse_duration("30s"), Ok(30_000));
        assert_eq!((parse_duration("1.5m"), parse_duration("250ms")), (Ok(90_000), Ok(250)));
        assert!(parse_duration("soon").is_err() && parse_duration("-1s").is_err());
        assert_eq!((parse_size("512m"), parse_size("2GiB")), (Ok(512 << 20), Ok(2 << 30)));
        assert!(parse_size("1k").is_err() && parse_size("much").is_err());
    }
}
