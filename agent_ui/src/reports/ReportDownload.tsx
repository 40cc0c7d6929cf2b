/** The report that is shown, as a file of one of the kinds that the server writes. */

import { Button, NativeSelect } from "@mantine/core";
import { useEffect, useState } from "react";
import { problemText, readReportFile } from "../api";
import { saveFile } from "../parts/saveFile";
import type { ReportFormatSummary } from "../protocol";

interface ReportDownloadProps {
  report: string;
  /** That of the API. */
  query: string;
  formats: readonly ReportFormatSummary[];
}

type Told = { kind: "saved" | "failed"; text: string } | null;

export function ReportDownload({ report, query, formats }: ReportDownloadProps) {
  const [format, setFormat] = useState(formats[0]?.name ?? "");
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Told>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was told is about another file
  useEffect(() => setTold(null), [report, query, format]);

  const download = async () => {
    setBusy(true);
    setTold(null);
    try {
      const file = await readReportFile(report, format, query);
      saveFile(file.name, file.content);
      setTold({ kind: "saved", text: `Saved as ${file.name}` });
    } catch (error) {
      setTold({ kind: "failed", text: `No file was made. ${problemText(error)}` });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="report-download">
      <NativeSelect
        label="File"
        value={format}
        data={formats.map((each) => ({ value: each.name, label: `${each.about} (.${each.name})` }))}
        onChange={(event) => setFormat(event.currentTarget.value)}
        data-testid="report-format"
      />
      <Button variant="default" loading={busy} onClick={() => void download()} data-testid="report-download">
        Download
      </Button>
      <span role="status" className="quiet" data-testid="report-saved">
        {told?.kind === "saved" && told.text}
      </span>
      {told?.kind === "failed" && (
        <p role="alert" className="report-problem" data-testid="report-download-failed">
          {told.text}
        </p>
      )}
    </div>
  );
}
