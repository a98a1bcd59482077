import type { PeerCertificate } from "node:tls";
import { expect, test } from "vitest";
import { certificateNames, requireCertificateFor } from "./certificate-names.ts";

const certificate = (parts: object) => parts as PeerCertificate;

test("a certificate is for its common name and for the hosts in it", () => {
  const parts = { subject: { CN: "mail" }, subjectaltname: "DNS:mail, DNS:mail.example, IP Address:10.0.0.5" };
  expect(certificateNames(certificate(parts))).toEqual(["mail", "mail.example"]);
  expect(certificateNames(certificate({ subject: {} }))).toEqual([]);
  expect(certificateNames(undefined)).toEqual([]);
});

test("a worker is let in under a name of its certificate, or under any where that is not asked", () => {
  requireCertificateFor("mail", undefined);
  requireCertificateFor("mail", ["x", "mail"]);
  expect(() => requireCertificateFor("mail", ["x", "y"])).toThrow("the one shown is for 'x', 'y'");
  expect(() => requireCertificateFor("mail", [])).toThrow("the one shown is for nobody");
});
