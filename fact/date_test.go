package fact

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDate(t *testing.T) {
	for _, c := range []struct {
		s     string
		order Order
		want  string
	}{
		{"2021-12-31", MDY, "2021-12-31"}, {"2021/12/31", MDY, "2021-12-31"}, {"2021.12.31", DMY, "2021-12-31"}, {"2021-1-5", MDY, "2021-01-05"},
		{"03/06/2025", MDY, "2025-03-06"}, {"03/06/2025", DMY, "2025-06-03"}, {"3/6/25", MDY, "2025-03-06"}, {"06.03.2025", DMY, "2025-03-06"}, {"6. 3. 2025", DMY, "2025-03-06"},
		{"13/02/2024", MDY, "2024-02-13"}, {"02/13/2024", DMY, "2024-02-13"}, {"25-12-31", YMD, "2025-12-31"}, {"12-31-25", YMD, "2025-12-31"},
		{"12-Dec-21", MDY, "2021-12-12"}, {"12 December 2021", MDY, "2021-12-12"}, {"Dec 12 2021", MDY, "2021-12-12"}, {"Dec 12, 2021", DMY, "2021-12-12"}, {"Dec-12-2021", MDY, "2021-12-12"},
		{"12Dec2021", MDY, "2021-12-12"}, {"2021-Dec-12", MDY, "2021-12-12"}, {"Sunday, December 12th, 2021", MDY, "2021-12-12"}, {"12. März 2021", DMY, "2021-03-12"}, {"3 juillet 2020", DMY, "2020-07-03"},
		{"3 juin 2020", DMY, "2020-06-03"},
		{"45737", MDY, "2025-03-21"}, {"42043", MDY, "2015-02-08"}, {"45737.5", MDY, "2025-03-21"}, {"20211231", MDY, "2021-12-31"}, {"20211231083000", MDY, "2021-12-31"},
		{"2021-12-31T08:00:00Z", MDY, "2021-12-31"}, {"12/31/2021 8:00 PM", MDY, "2021-12-31"}, {"2021-12-31 00:00:00.000", MDY, "2021-12-31"},
		{"01/02/56", MDY, "2056-01-02"}, {"01/02/57", MDY, "1957-01-02"}, {"2024-02-29", MDY, "2024-02-29"},
	} {
		if got, ok := Date(c.s, c.order); !ok || got != c.want {
			t.Errorf("Date(%q, %s) = %q, %v; want %q", c.s, c.order, got, ok, c.want)
		}
	}
	for _, s := range []string{"", "2021", "tomorrow", "2023-02-29", "31/31/2020", "13/13/2020", "0/0/2020", "99999", "12345678", "1-2", "10.1.1.1", "10.20.30.40", "ICU 12", "2021-13-01",
		"Mayor 12 2021x", "12-Dec", "9999-01-01", "123", "5", "12/31/021", "1.2.3.4"} {
		if got, ok := Date(s, MDY); ok {
			t.Errorf("Date(%q) = %q, want refusal", s, got)
		}
	}
}

// TestDateWindow holds that two-digit years slide with the year of reading.
func TestDateWindow(t *testing.T) {
	for _, c := range []struct {
		s    string
		year int
		want string
	}{{"1/1/56", 2026, "2056-01-01"}, {"1/1/57", 2026, "1957-01-01"}, {"1/1/57", 2027, "2057-01-01"}, {"1/1/98", 2070, "2098-01-01"}, {"1/1/05", 2098, "2105-01-01"}, {"1-Jan-29", 1999, "2029-01-01"}} {
		if got, _ := DateNear(c.s, MDY, c.year); got != c.want {
			t.Errorf("DateNear(%s, %d) = %s, want %s", c.s, c.year, got, c.want)
		}
	}
}

func TestSerialDate(t *testing.T) {
	for _, c := range []struct {
		n    float64
		mac  bool
		want string
	}{{1, false, "1900-01-01T00:00:00Z"}, {59, false, "1900-02-28T00:00:00Z"}, {61, false, "1900-03-01T00:00:00Z"}, {45737, false, "2025-03-21T00:00:00Z"},
		{0, true, "1904-01-01T00:00:00Z"}, {44275, true, "2025-03-21T00:00:00Z"}, {45737.75, false, "2025-03-21T18:00:00Z"}} {
		if got, ok := SerialDate(c.n, c.mac); !ok || got.Format(time.RFC3339) != c.want {
			t.Errorf("SerialDate(%v, %v) = %v, want %s", c.n, c.mac, got, c.want)
		}
	}
	if _, ok := SerialDate(-1, false); ok {
		t.Error("a negative day number was read")
	}
}

func TestDateOrder(t *testing.T) {
	for s, want := range map[string]Order{"13/02/2024": DMY, "02/13/2024": MDY, "02/03/2024": "", "05/05/2024": "", "2024-13-01": "", "12-Dec-21": "", "": "", "32/01/2024": ""} {
		if got, _ := DateOrder(s); got != want {
			t.Errorf("DateOrder(%q) = %q, want %q", s, got, want)
		}
	}
	if _, numeric := DateOrder("02/03/2024"); !numeric {
		t.Error("02/03/2024 is numeric and open to both readings")
	}
}

func TestTimestamp(t *testing.T) {
	for s, want := range map[string]string{"2025-04-29T08:00:00Z": "2025-04-29T08:00:00Z", "2025-04-29T08:00:00+02:00": "2025-04-29T06:00:00Z", "2025-04-29 08:00:00": "2025-04-29T08:00:00Z",
		"4/29/2025 8:00 PM": "2025-04-29T20:00:00Z", "1745913600": "2025-04-29T08:00:00Z", "1745913600000": "2025-04-29T08:00:00Z", "2025-04-29": "2025-04-29T00:00:00Z",
		"45776.5": "2025-04-29T12:00:00Z", "20250429083000": "2025-04-29T08:30:00Z"} {
		if got, ok := Timestamp(s, MDY); !ok || got != want {
			t.Errorf("Timestamp(%q) = %q, %v; want %q", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "never", "2025-04-29 later", "12"} {
		if got, ok := Timestamp(s, MDY); ok {
			t.Errorf("Timestamp(%q) = %q", s, got)
		}
	}
}

// TestDateNotations writes random days in every notation and expects the same day back.
func TestDateNotations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		day := time.Date(1960+r.IntN(90), 1, 1+r.IntN(365), 0, 0, 0, 0, time.UTC)
		want := day.Format("2006-01-02")
		for layout, order := range map[string]Order{"2006-01-02": MDY, "01/02/2006": MDY, "1/2/06": MDY, "02.01.2006": DMY, "2/1/2006 15:04": DMY, "02-Jan-06": MDY,
			"January 2, 2006": DMY, "20060102": MDY, "06-01-02": YMD} {
			if got, ok := Date(day.Format(layout), order); !ok || got != want {
				t.Fatalf("Date(%q, %s) = %q, %v; want %s", day.Format(layout), order, got, ok, want)
			}
		}
	}
}

func TestMoney(t *testing.T) {
	for s, want := range map[string]string{"$27,948.00": "27948.00 USD", "27948": "27948.00", "27,948": "27948.00", "27.948,00 €": "27948.00 EUR", "€27.948": "27948.00 EUR", "1 234,50": "1234.50",
		"(1,200.00)": "-1200.00", "-$5": "-5.00 USD", "USD 1,000": "1000.00 USD", "$ 1,000 CAD": "1000.00 CAD", "CHF 1'234.50": "1234.50 CHF", "0.005": "0.01", "12412.000000000002": "12412.00",
		"9.999": "10.00", "2.7948E4": "27948.00", "1,234,567.89": "1234567.89", "£12.5": "12.50 GBP", "0": "0.00", "00012.10": "12.10", "12,5": "12.50", ".5": "0.50", "150,-": "150.00", "-0.999": "-1.00", "($9.999)": "-10.00 USD"} {
		if got, ok := Money(s); !ok || got != want {
			t.Errorf("Money(%q) = %q, %v; want %q", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "free", "$", "1,23,4", "1.2.3", "12 monkeys", "--5", "=1+1", "1e99", "()", "NaN", "Inf"} {
		if got, ok := Money(s); ok {
			t.Errorf("Money(%q) = %q, want refusal", s, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]string{"12": "12", "12.50": "12.5", "1,234.50": "1234.5", "007": "7", "-3": "-3", "1e3": "1000", "0.0": "0", "-0.0": "0", "10": "10", "+4": "4"} {
		if got, ok := Number(s); !ok || got != want {
			t.Errorf("Number(%q) = %q, %v; want %q", s, got, ok, want)
		}
	}
}
