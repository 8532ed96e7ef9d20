"""The fields of the entities that are simulated, as in Default/24.200.001.

Source: the endpoint's OpenAPI document. After the colon: S string, B boolean, I integer, D decimal,
T date and time, G GUID. ``MainContact`` is Contact as far as a customer's own contacts map it.
"""

FIELDS = """
@Customer
AccountRef:S ApplyOverdueCharges:B AutoApplyPayments:B BAccountID:I
BillingAddressOverride:B BillingContactOverride:B CreatedDateTime:T CurrencyID:S
CurrencyRateType:S CustomerClass:S CustomerID:S CustomerCategory:S CustomerName:S
Email:S EnableCurrencyOverride:B EnableRateOverride:B EnableWriteOffs:B FOBPoint:S
LastModifiedDateTime:T LeadTimedays:I LocationName:S MultiCurrencyStatements:B
OrderPriority:I ParentRecord:S PriceClassID:S PrimaryContactID:I PrintDunningLetters:B
PrintInvoices:B PrintStatements:B ResidentialDelivery:B SaturdayDelivery:B
SendDunningLettersbyEmail:B SendInvoicesbyEmail:B SendStatementsbyEmail:B
ShippingAddressOverride:B ShippingBranch:S ShippingContactOverride:B ShippingRule:S
ShippingTerms:S ShippingZoneID:S ShipVia:S StatementCycleID:S StatementType:S Status:S
TaxRegistrationID:S TaxZone:S Terms:S WarehouseID:S WriteOffLimit:D
RestrictVisibilityTo:S CreditLimit:D NoteID:G EntityUsageType:S TaxExemptionNumber:S
IsGuestCustomer:B
@CustomerLocation
Active:B AddressOverride:B Calendar:S ContactOverride:B CreatedDateTime:T Customer:S
Default:B DefaultProject:S EntityUsageType:S FedExGroundCollect:B FOBPoint:S Insurance:B
LastModifiedDateTime:T LeadTimeDays:I LocationID:S LocationName:S OrderPriority:I
PriceClass:S ResidentialDelivery:B SaturdayDelivery:B ShippingBranch:S ShippingRule:S
ShippingTerms:S ShippingZone:S ShipVia:S Status:S TaxExemptionNbr:S TaxRegistrationID:S
TaxZone:S Warehouse:S NoteID:G ExtRefNbr:S
@Contact
Active:B OverrideAccountAddress:B AddressValidated:B Attention:S BusinessAccount:S
CompanyName:S ContactClass:S ContactID:I ContactMethod:S ConvertedBy:S DateOfBirth:T
DisplayName:S DoNotCall:B DoNotEmail:B DoNotFax:B DoNotMail:B Duplicate:S
DuplicateFound:B Email:S Fax:S FaxType:S FirstName:S Gender:S Image:S JobTitle:S
LanguageOrLocale:S LastIncomingActivity:T LastModifiedDateTime:T LastName:S
LastOutgoingActivity:T MaritalStatus:S MiddleName:S NoMarketing:B NoMassMail:B Owner:S
OwnerEmployeeName:S ParentAccount:S Phone1:S Phone1Type:S Phone2:S Phone2Type:S Phone3:S
Phone3Type:S QualificationDate:T Reason:S Source:S SourceCampaign:S
SpouseOrPartnerName:S Status:S Synchronize:B Title:S Type:S WebSite:S Workgroup:S
WorkgroupDescription:S NoteID:G FullName:S ExtRefNbr:S
@Address
AddressLine1:S AddressLine2:S City:S Country:S PostalCode:S State:S Validated:B
@CustomerClass
ApplyOverdueCharges:B ARAccount:S ARSubaccount:S AutoApplyPayments:B
CashDiscountAccount:S CashDiscountSubaccount:S ClassID:S COGSAccount:S COGSSubaccount:S
Country:S CreatedDateTime:T CreditDaysPastDue:I CreditLimit:D CreditVerification:S
CurrencyID:S CurrencyRateType:S DefaultLocationIDfromBranch:B DefaultRestrictionGroup:S
Description:S DiscountAccount:S DiscountSubaccount:S EnableCurrencyOverride:B
EnableRateOverride:B EnableWriteOffs:B EntityUsageType:S FreightAccount:S
FreightSubaccount:S GroupDocumentDiscountLimit:D LastModifiedDateTime:T MiscAccount:S
MiscSubaccount:S MultiCurrencyStatements:B OverdueChargeID:S OverLimitAmount:D
PaymentMethod:S PrepaymentAccount:S PrepaymentSubaccount:S PrintDunningLetters:B
PrintInvoices:B PrintStatements:B RequireEntityUsageType:B RequireTaxZone:B
SalesAccount:S SalespersonID:S SalesSubaccount:S SendDunningLettersbyEmail:B
SendInvoicesbyEmail:B SendStatementsByEmail:B ShippingRule:S ShippingTerms:S ShipVia:S
StatementCycleID:S StatementType:S TaxZoneID:S Terms:S UnrealizedGainAccount:S
UnrealizedGainSubaccount:S UnrealizedLossAccount:S UnrealizedLossSubaccount:S
WriteOffLimit:D
@CustomerPriceClass
CreatedDateTime:T Description:S LastModifiedDateTime:T PriceClassID:S NoteID:G
@Warehouse
Active:B COGSExpenseAccount:S COGSExpenseSubaccount:S Description:S DiscountAccount:S
DiscountSubaccount:S DropShipLocationID:S FreightChargeAccount:S
FreightChargeSubaccount:S InventoryAccount:S InventorySubaccount:S
LandedCostVarianceAccount:S LandedCostVarianceSubaccount:S LastModifiedDateTime:T
MiscChargeAccount:S MiscChargeSubaccount:S NonStockPickingLocationID:S
OverrideInventoryAccountSubaccount:B POAccrualAccount:S POAccrualSubaccount:S
PurchasePriceVarianceAccount:S PurchasePriceVarianceSubaccount:S ReasonCodeSubaccount:S
ReceivingLocationID:S RMALocationID:S SalesAccount:S SalesSubaccount:S
ShippingLocationID:S StandardCostRevaluationAccount:S
StandardCostRevaluationSubaccount:S StandardCostVarianceAccount:S
StandardCostVarianceSubaccount:S UseItemDefaultLocationForPicking:B WarehouseID:S
@WarehouseLocation
Active:B AssemblyAllowed:B Description:S LocationID:S PickPriority:I ReceiptsAllowed:B
SalesAllowed:B TransfersAllowed:B
@StockItem
ABCCode:S AutoIncrementalValue:S AverageCost:D BaseUOM:S COGSAccount:S COGSSubaccount:S
Content:S CountryOfOrigin:S CurrentStdCost:D DefaultIssueLocationID:S DefaultPrice:D
DefaultReceiptLocationID:S DefaultSubitem:S DefaultWarehouseID:S DeferralAccount:S
DeferralSubaccount:S Description:S DimensionVolume:D DimensionWeight:D DiscountAccount:S
DiscountSubaccount:S ImageUrl:S InventoryAccount:S InventoryID:S InventorySubaccount:S
IsAKit:B ItemClass:S ItemStatus:S ItemType:S LandedCostVarianceAccount:S
LandedCostVarianceSubaccount:S LastCost:D LastModified:T LastModifiedDateTime:T
LastStdCost:D LotSerialClass:S Markup:D MaxCost:D MinCost:D MinMarkup:D MSRP:D
PackagingOption:S PackSeparately:B PendingStdCost:D POAccrualAccount:S
POAccrualSubaccount:S PostingClass:S PriceClass:S PriceManager:S PriceWorkgroup:S
ProductManager:S ProductWorkgroup:S PurchasePriceVarianceAccount:S
PurchasePriceVarianceSubaccount:S PurchaseUOM:S ReasonCodeSubaccount:S SalesAccount:S
SalesSubaccount:S SalesUOM:S StandardCostRevaluationAccount:S
StandardCostRevaluationSubaccount:S StandardCostVarianceAccount:S
StandardCostVarianceSubaccount:S SubjectToCommission:B TaxCategory:S TariffCode:S
UseOnEntry:B ValuationMethod:S VolumeUOM:S WeightUOM:S CurySpecificMSRP:D
CurySpecificPrice:D Availability:S CustomURL:S ExportToExternal:B MetaDescription:S
MetaKeywords:S NoteID:G PageTitle:S SearchKeywords:S TemplateItemID:S Visibility:S
NotAvailable:S
@StockItemWarehouseDetail
DailyDemandForecast:D DailyDemandForecastErrorSTDEV:D DefaultIssueLocationID:S
DefaultReceiptLocationID:S InventoryAccount:S InventorySubaccount:S IsDefault:B
LastForecastDate:T Override:B OverridePreferredVendor:B OverrideReplenishmentSettings:B
OverrideStdCost:B PreferredVendor:S PriceOverride:B ProductManager:S ProductWorkgroup:S
QtyOnHand:D ReplenishmentSource:S ReplenishmentWarehouse:S Seasonality:S ServiceLevel:D
Status:S WarehouseID:S
@StorageDetail
InventoryID:S QtyAvailable:D QtyAvailableforIssue:D QtyHardAvailable:D WarehouseID:S
LastModifiedDateofWarehouseQty:T QtyOnHand:D
@InventorySummaryRow
BaseUOM:S EstimatedTotalCost:D EstimatedUnitCost:D ExpirationDate:T LocationID:S
LotSerialNbr:S QtyAvailable:D QtyAvailableForShipment:D QtyNotAvailable:D QtyOnHand:D
Subitem:S WarehouseID:S
@CompaniesStructureDetail
BaseCurrencyID:S BranchCountry:S BranchID:S BranchName:S BranchStatus:B CompanyID:S
CompanyName:S CompanyStatus:B CompanyType:S
@CustomerContact
ContactID:I LastModifiedDateTime:T
@CreditVerificationRules
CreditDaysPastDue:I CreditLimit:D CreditVerification:S FirstDueDate:T
OpenOrdersBalance:D RemainingCreditLimit:D UnreleasedBalance:D
@MainContact
AddressValidated:B Attention:S CompanyName:S ContactID:I DisplayName:S Email:S Fax:S
FirstName:S JobTitle:S LastModifiedDateTime:T LastName:S MiddleName:S Phone1:S
Phone1Type:S Phone2:S Phone2Type:S Title:S WebSite:S FullName:S
"""
